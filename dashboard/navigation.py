"""Page config and navigation, nothing else. A new page is one line in ``pages``."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import FolderRefused, StoreGone
from dashboard import lost_store, state
from dashboard.components import failures, held_work, look
from dashboard.streamlit_workarounds import rerun_on_reconnect

# A file of our own: a named icon would be fetched from the internet.
ICON = Path(__file__).with_name("icon.svg")


def pages() -> list[st.Page]:
    """Every page, in the order of the navigation. Made for each drawing: they hold its state."""
    return [
        st.Page("app_pages/overview.py", title="Overview", icon=":material/home:", default=True),
        st.Page(
            "app_pages/new_experiment.py", title="New experiment", icon=":material/add_circle:"
        ),
        st.Page("app_pages/presets.py", title="Presets", icon=":material/school:"),
        st.Page("app_pages/runs.py", title="Runs", icon=":material/table_rows:"),
        st.Page("app_pages/run.py", title="Run", icon=":material/monitoring:"),
        st.Page("app_pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page("app_pages/search.py", title="Search", icon=":material/travel_explore:"),
        st.Page("app_pages/predict.py", title="Predict", icon=":material/image_search:"),
    ]


def show() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Convscope", page_icon=ICON, layout="wide")
    page = st.navigation(pages(), position="top")
    look.apply()
    rerun_on_reconnect.apply()
    state.hold_address(page.url_path)
    failures.show_pending()
    with failures.shown():
        try:
            lost_store.require_store()
        except (StoreGone, FolderRefused):
            lost_store.wait_for_store()
            raise
        with failures.shown():
            held_work.show(state.client())
        page.run()
