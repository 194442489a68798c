"""Page config and navigation, nothing else. A new page is one line in ``PAGES``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.errors import FolderRefused, StoreGone
from dashboard import state
from dashboard.shared import failures, held_work, lost_store, style
from dashboard.streamlit_workarounds import rerun_on_reconnect

# A file of our own: a named icon would be fetched from the internet.
ICON = Path(__file__).with_name("icon.svg")


@dataclass(frozen=True)
class Entry:
    """One page: its line in the navigation."""

    name: str
    """Of its folder, of its file and of its address."""
    title: str
    icon: str
    linked: tuple[str, ...] = ()
    """The parts of its address that links carry; the other parts are its widgets' own."""


PAGES = (
    Entry("overview", "Overview", "home"),
    Entry("new_experiment", "New experiment", "add_circle", ("clone", "preset")),
    Entry("presets", "Presets", "school", ("preset",)),
    Entry("runs", "Runs", "table_rows"),
    Entry("run", "Run", "monitoring", ("run",)),
    Entry("compare", "Compare", "compare_arrows", ("runs",)),
    Entry("search", "Search", "travel_explore", ("search", "new")),
    Entry("predict", "Predict", "image_search", ("runs",)),
)
"""Every page, in the order of the navigation. The first is at the address ``/``."""


def pages() -> list[st.Page]:
    """The pages as Streamlit has them. Made for each rerun: they hold its state."""
    return [_page(entry) for entry in PAGES]


def url_of(entry: Entry) -> str:
    """The address of a page without any parts."""
    return "/" if entry is PAGES[0] else f"/{entry.name}"


def linked_parts(url_path: str) -> tuple[str, ...]:
    """The parts of a page's address that links carry."""
    return next((entry.linked for entry in PAGES if entry.name == url_path), ())


def _page(entry: Entry) -> st.Page:
    # Streamlit takes the address from the file's name.
    file = f"pages/{entry.name}/{entry.name}.py"
    icon = f":material/{entry.icon}:"
    return st.Page(file, title=entry.title, icon=icon, default=entry is PAGES[0])


def show() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Convscope", page_icon=ICON, layout="wide")
    page = st.navigation(pages(), position="top")
    style.apply()
    rerun_on_reconnect.apply()
    state.hold_address(page.url_path, linked_parts(page.url_path))
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
