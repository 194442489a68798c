"""What is served, by `convscope serve`, `streamlit run dashboard/app.py` or an ASGI server.

Streamlit uses this file twice. The server imports it and serves ``app``: the pages behind a gate.
Each drawing of a page runs it as ``__main__``.
"""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware
from streamlit.starlette import App

from dashboard import navigation
from dashboard.server.gate import Gate, server_error
from dashboard.server.start import checked_access

# The browser's own export writes names and notes as formulas; `table_file` does not. Set for every
# drawing: Streamlit reads all its options again whenever a config.toml changes.
st.set_option("client.disableDataExport", True)
if __name__ == "__main__":
    navigation.show()
else:
    app = App(
        __file__,
        middleware=[Middleware(Gate, access=checked_access())],
        exception_handlers={Exception: server_error},
    )
