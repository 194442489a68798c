"""The page Run: one run's curves while it trains, its settings, files and events."""

import streamlit as st

from core.errors import RunNotFound
from dashboard import state
from dashboard.pages.run import header, progress, tabs
from dashboard.shared import links, run_picker, test_score
from dashboard.shared.text import inert


def show_run(run_id: str) -> None:
    """Show everything that changes while the run trains."""
    header.leave_when_deleted(run_id)
    run = state.client().runs.get(run_id)
    metrics = state.client().metrics.frame([run_id])
    header.show(run)
    progress.show(run, metrics)
    tabs.show(run, metrics)


def score_is_pending(run_id: str) -> bool:
    """Whether an evaluation on the test set is requested and not finished."""
    try:
        return test_score.is_pending(
            state.client().runs.get(run_id), state.client().runs.events(run_id)
        )
    except RunNotFound:
        return False  # deleted on another page


def find(reference: str) -> str | None:
    """The full id of the run that the address names; None, with a warning, for an unknown run."""
    header.leave_when_deleted(reference)
    try:
        return state.client().runs.get(reference).id
    except RunNotFound as error:
        st.title("Run", anchor=False)
        st.warning(inert(str(error)), icon=":material/error:")
        st.page_link(links.RUNS, label="All runs", icon=":material/table_rows:")
        return None


requested = state.asked_run()
run_id = find(requested) if requested else None
if requested is None:
    st.title("Run", anchor=False)
    run_picker.one()
elif run_id is not None:
    shown = run_id
    state.live(f"run/{shown}", lambda: show_run(shown), busy=lambda: score_is_pending(shown))
