"""The pages. A page is a folder: the file of the same name, and the parts that only it uses.

To add a page: write ``pages/<name>/<name>.py`` (it runs from top to bottom when the page is
opened) and ``pages/<name>/__init__.py``, and add its line to ``PAGES`` in
``dashboard/navigation.py``. A page

- gets the lab through ``state.client()`` and never through ``core.jobs`` or ``core.store``;
- reads its part of the address with ``state.asked_run()`` or ``state.asked_runs()`` and keeps
  the address true with ``state.remember(...)``, so that a link restores the view;
- draws what changes without a click inside ``state.live(key, draw)``: the lab's one clock;
- writes names, tags and notes of people through ``shared.text.inert``;
- links to other pages with ``shared.links``.

An error of the lab (``ConvscopeError``) may be raised: the page shows its sentence.
"""
