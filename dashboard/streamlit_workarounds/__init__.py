"""What Streamlit does not do, and what the pages do instead: one file per workaround.

Each docstring says what Streamlit does (version 1.67, and its issue where there is one), what we
do, and when the file can go. ``tests/dashboard/streamlit_workarounds/`` holds a test per file that
shows Streamlit's behaviour on a small page of its own. It fails when Streamlit has changed: then
the file can go.

``rerun_on_reconnect``   a page runs again when its browser reaches a restarted server
``fragment_pace``        a part of a page that repeats changes its interval
``field_values``         values that code sets reach the fields of a form
``popovers``             a popover closes when its form was submitted
``number_clear_button``  a number input without its clear button
``table_selection``      the selected rows of a table stay selected when rows move
``table_export``         Streamlit's own CSV export is off: it writes formulas
``same_page_links``      a link from a page to itself changes the address
``pages_folder``         the folder ``dashboard/pages`` means nothing to Streamlit
``single_page_app``      a page's file that is started as an app shows nothing

Three more are not code of this folder:

- ``minCachedMessageSize`` in ``.streamlit/config.toml``: every message reaches the browser whole.
- ``dashboard/live_chart/``: a Plotly chart that keeps its zoom when its data changes.
- ``dashboard/server/gate.py``: hosts and origins are checked before a request reaches Streamlit.
"""
