"""Running, waiting and recent runs, and the machine that they run on."""

from collections.abc import Sequence

import streamlit as st

from core.records.runs import Run, RunState
from dashboard import state
from dashboard.pages.overview import run_cards, welcome
from dashboard.shared import dataset_state, machine, run_filter
from dashboard.shared.text import counted

ACTIVE = {RunState.RUNNING, RunState.STOPPING}
UNFINISHED = {RunState.FAILED, RunState.LOST, RunState.STOPPED}


def show_lab() -> None:
    """The part of the page that refreshes itself."""
    runs = state.runs()
    left, right = st.columns([5, 3], gap="large")
    with left:
        if not runs:
            welcome.empty_lab()
        else:
            show_runs(runs)
    with right:
        show_machine()


def show_runs(runs: Sequence[Run]) -> None:
    """Running, queued, failed or stopped, and finished runs, in this order."""
    welcome.demo_strip(runs)
    st.subheader("Running", anchor=False)
    run_cards.running([run for run in runs if run.state in ACTIVE])
    waiting = state.client().runs.queue()
    if waiting:
        st.subheader(f"Queued: {counted(len(waiting), 'run')}", anchor=False)
        run_cards.queue(waiting)
    own = [run for run in runs if not run.is_trial]
    if len(own) < len(runs) and run_filter.trials_too():
        own = list(runs)
    by_end = sorted(own, key=lambda run: run.finished_at or run.created_at, reverse=True)
    unfinished = [run for run in by_end if run.state in UNFINISHED]
    if unfinished:
        st.subheader("Failed or stopped", anchor=False)
        run_cards.unfinished(unfinished)
    finished = [run for run in by_end if run.state is RunState.FINISHED]
    if finished:
        st.subheader("Recent runs", anchor=False)
        run_cards.finished(finished)


def show_machine() -> None:
    """Devices, slots, job runner and data sets."""
    st.subheader("This machine", anchor=False)
    machine.devices()
    machine.slots()
    machine.supervisor()
    st.subheader("Data sets", anchor=False)
    for status in state.client().datasets.list():
        dataset_state.show(status.name, key="overview")


st.title("Overview", anchor=False)
state.live("overview", show_lab, busy=dataset_state.any_preparing, wakes=True)
