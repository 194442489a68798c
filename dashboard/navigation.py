"""Page config and navigation, nothing else. A new page is one line in ``pages``."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import FolderRefused, StoreGone
from dashboard import state
from dashboard.shared import failures, held_work, lost_store, style
from dashboard.streamlit_workarounds import rerun_on_reconnect, same_page_links

# A file of our own: a named icon would be fetched from the internet.
ICON = Path(__file__).with_name("icon.svg")


def pages() -> list[st.Page]:
    """Every page, in the order of the navigation. Made for each drawing: they hold its state."""
    return [
        _page("overview", "Overview", "home", default=True),
        _page("new_experiment", "New experiment", "add_circle"),
        _page("presets", "Presets", "school"),
        _page("runs", "Runs", "table_rows"),
        _page("run", "Run", "monitoring"),
        _page("compare", "Compare", "compare_arrows"),
        _page("search", "Search", "travel_explore"),
        _page("predict", "Predict", "image_search"),
    ]


def _page(name: str, title: str, icon: str, *, default: bool = False) -> st.Page:
    # Streamlit takes the address from the file's name.
    file = f"pages/{name}/{name}.py"
    return st.Page(file, title=title, icon=f":material/{icon}:", default=default)


def show() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Convscope", page_icon=ICON, layout="wide")
    page = st.navigation(pages(), position="top")
    style.apply()
    rerun_on_reconnect.apply()
    same_page_links.keep_address(page.url_path)
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
