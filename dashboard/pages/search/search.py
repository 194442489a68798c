"""Searches: the list, the form of a new one, and one while it goes on. The address is the view."""

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
    slots,
    snapshot,
    trials_section,
    winner,
)
from dashboard.pages.search.form import form, launch, start
from dashboard.shared import links
from dashboard.shared.text import inert


def show_search(search_id: str) -> None:
    """Everything that changes by itself."""
    try:
        seen = snapshot.look(state.client(), search_id)
    except SearchNotFound:
        st.rerun()  # deleted meanwhile, here or elsewhere: the whole page says so
    header.show(seen)
    tabs: dict[str, Callable[[snapshot.Snapshot], None]] = {
        "Trials": trials_section.show,
        "Parameters": insight.show,
        "Timeline": slots.show,
        "Best trial": winner.show,
        "Promote": promotions.show,
    }
    for tab, draw in zip(
        st.tabs(list(tabs), key="tab", bind="query-params"), tabs.values(), strict=True
    ):
        if tab.open:
            with tab:
                draw(seen)


def show_form() -> None:
    """A new search; what it will take and the button beside it."""
    st.title("New search", anchor=False)
    new = start.filled()
    start.show(new)
    search, wrong = launch.read(new)
    form_side, launch_side = st.columns([3, 2], gap="large")
    with form_side:
        form.draw(new.draft, wrong)
    with launch_side.container(key="preview", gap="small"):
        launch.show(new, search, wrong)


def is_going_on(search_id: str) -> bool:
    """Whether something is on its way, even while no run is: a trial, a test score."""
    try:
        running = state.client().searches.get(search_id).state is SearchState.RUNNING
        return running or promotions.is_pending(search_id)
    except SearchNotFound:
        return False  # deleted on another page


def any_going_on() -> bool:
    """The same for the list."""
    return any(each.state is SearchState.RUNNING for each in state.client().searches.list())


def find(reference: str) -> str | None:
    """The full id of the search that the address names; a sentence where there is none."""
    try:
        return state.client().searches.get(reference).id
    except SearchNotFound as error:
        st.title("Search", anchor=False)
        st.warning(inert(str(error)), icon=":material/error:")
        st.page_link(links.SEARCH, label="All searches", icon=":material/travel_explore:")
        return None


asked = state.asked("search")
if asked:
    found = find(asked)
    if found is not None:
        shown = found
        state.live(f"search/{shown}", lambda: show_search(shown), busy=lambda: is_going_on(shown))
elif state.asked("new"):
    show_form()
else:
    st.title("Search", anchor=False)
    state.live("searches", listing.show, busy=any_going_on, wakes=True)
