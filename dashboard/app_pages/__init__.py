"""One file a page, each reads like a table of contents.

To add a page: write ``app_pages/<name>.py`` (it runs from top to bottom when the page is
opened) and add its line to ``pages`` in ``dashboard/navigation.py``. A page

- gets the lab through ``state.client()`` and never through ``core.jobs`` or ``core.store``;
- reads its part of the address with ``state.asked_run()`` or ``state.asked_runs()`` and keeps
  the address true with ``state.remember(...)``, so that a link restores the view;
- draws whatever changes by itself inside ``state.live(key, draw)``: the lab's one clock;
- writes names, tags and notes of people through ``components.text.inert``;
- links to other pages with ``components.links``.

Errors of the lab (``ConvscopeError``) may simply rise: the page shows their sentence.
"""
