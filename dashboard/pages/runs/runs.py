"""The page Runs: every run in one table."""

import streamlit as st

from dashboard import state
from dashboard.pages.runs import actions as runs_actions
from dashboard.pages.runs import table, unreadable_rows
from dashboard.shared import links, run_filter
from dashboard.shared.text import counted

st.title("Runs", anchor=False)


def show_runs(archived: bool, trials: bool) -> None:
    """Show the filter, the actions and the table."""
    unreadable_rows.show()
    every = state.runs(include_archived=archived)
    runs = [run for run in every if trials or not run.is_trial]
    if not every:
        st.info("No runs yet. Launch one to see it in the table here.")
        st.page_link(links.NEW_EXPERIMENT, label="New experiment", icon=":material/add_circle:")
        return
    chosen = run_filter.show(runs)
    shown = [run for run in runs if chosen.matches(run)]
    hidden = counted(len(every) - len(runs), "trial of a search", "trials of searches")
    note = f" · {hidden} not shown" if len(every) > len(runs) else ""
    if runs and not shown:
        note += ". No run matches: remove a filter above."
    st.caption(f"{counted(len(shown), 'run')} of {len(runs):,}{note}")
    actions = st.container()
    selected = table.show(shown)
    with actions:
        runs_actions.show(selected)


with st.container(horizontal=True, gap="medium"):
    archived_too = run_filter.archived_too()
    trials_too = run_filter.trials_too()
state.live("runs", lambda: show_runs(archived_too, trials_too), wakes=True)
