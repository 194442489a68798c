"""Everything that was ever launched, in one table."""

import streamlit as st

from dashboard import state
from dashboard.components import links, runs_actions, runs_filter, runs_table
from dashboard.components.text import counted

st.title("Runs", anchor=False)


def show_runs(archived: bool) -> None:
    """The filter, the actions and the table; drawn again as runs go on."""
    runs = state.runs(include_archived=archived)
    if not runs:
        st.info("No runs yet. Launch one, and it is here to filter, compare and keep.")
        st.page_link(links.NEW_EXPERIMENT, label="New experiment", icon=":material/add_circle:")
        return
    chosen = runs_filter.show(runs)
    shown = [run for run in runs if chosen.lets_through(run)]
    st.caption(f"{counted(len(shown), 'run')} of {len(runs):,}")
    runs_actions.show(runs_table.selected(shown))
    runs_table.show(shown)


archived_too = runs_filter.archived_too()
state.live("runs", lambda: show_runs(archived_too))
