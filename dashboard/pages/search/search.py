"""The page Search: the list, the form of a new search, or one search, as the address says."""

from collections.abc import Callable

import streamlit as st

from core.errors import SearchNotFound
from core.records.searches import SearchState
from dashboard import state
from dashboard.pages.search import (
    header,
    insight,
    listing,
    promotions,
    trials_section,
    winner,
)
from dashboard.pages.search.form import form, launch, start
from dashboard.pages.search.snapshot import Snapshot, read_search
from dashboard.shared import links
from dashboard.shared.text import inert


def show_search(search_id: str) -> None:
    """Show everything that changes while the search runs."""
    try:
        snapshot = read_search(state.client(), search_id)
    except SearchNotFound:
        st.rerun()  # deleted meanwhile: the whole page then shows that it is unknown
    header.show(snapshot)
    tabs: dict[str, Callable[[Snapshot], None]] = {
        "Trials": trials_section.show,
        "Parameters": insight.show_parameters,
        "Timeline": insight.show_timeline,
        "Best trial": winner.show,
        "Promote": promotions.show,
    }
    for tab, draw in zip(
        st.tabs(list(tabs), key="tab", bind="query-params"), tabs.values(), strict=True
    ):
        if tab.open:
            with tab:
                draw(snapshot)


def show_form() -> None:
    """Show the form of a new search, with the estimate and the start button beside it."""
    st.title("New search", anchor=False)
    new = start.filled()
    start.show(new)
    search, wrong = launch.read(new)
    form_side, launch_side = st.columns([3, 2], gap="large")
    with form_side:
        form.draw(new.draft, wrong)
    with launch_side.container(key="preview", gap="small"):
        launch.show(new, search, wrong)


def is_busy(search_id: str) -> bool:
    """Whether the search is running, or test scores are being computed."""
    try:
        running = state.client().searches.get(search_id).state is SearchState.RUNNING
        return running or promotions.is_pending(search_id)
    except SearchNotFound:
        return False  # deleted on another page


def any_running() -> bool:
    """Whether any search is running."""
    return any(each.state is SearchState.RUNNING for each in state.client().searches.list())


def find(reference: str) -> str | None:
    """The full id of the search that the address names; None, with a warning, if unknown."""
    try:
        return state.client().searches.get(reference).id
    except SearchNotFound as error:
        st.title("Search", anchor=False)
        st.warning(inert(str(error)), icon=":material/error:")
        st.page_link(links.SEARCH, label="All searches", icon=":material/travel_explore:")
        return None


requested = state.asked("search")
if requested:
    found = find(requested)
    if found is not None:
        shown = found
        state.live(f"search/{shown}", lambda: show_search(shown), busy=lambda: is_busy(shown))
elif state.asked("new"):
    show_form()
else:
    st.title("Search", anchor=False)
    state.live("searches", listing.show, busy=any_running, wakes=True)
