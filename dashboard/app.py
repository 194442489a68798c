"""What is served, by `convscope serve`, `streamlit run dashboard/app.py` or an ASGI server.

Streamlit uses this file twice. The server imports it and serves ``app``: the pages behind a gate.
Each drawing of a page runs it as ``__main__``.
"""

from __future__ import annotations

from starlette.middleware import Middleware
from streamlit.starlette import App

from dashboard import navigation
from dashboard.server.gate import Gate, server_error
from dashboard.server.start import checked_access
from dashboard.streamlit_workarounds import pages_folder, table_export

table_export.switch_off()
if __name__ == "__main__":
    navigation.show()
else:
    pages_folder.ignore()
    app = App(
        __file__,
        middleware=[Middleware(Gate, access=checked_access())],
        exception_handlers={Exception: server_error},
    )
