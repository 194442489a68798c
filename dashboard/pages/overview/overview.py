"""What the lab is doing now, what ended lately, and what it runs on."""

from collections.abc import Sequence

import streamlit as st

from core.records.runs import Run, RunState
from dashboard import state
from dashboard.pages.overview import active_runs, recent_runs, welcome
from dashboard.shared import dataset_state, machine, run_filter
from dashboard.shared.text import counted

AT_WORK = {RunState.RUNNING, RunState.STOPPING}
UNFINISHED = {RunState.FAILED, RunState.LOST, RunState.STOPPED}


def show_lab() -> None:
    """Everything that changes by itself."""
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
    """At work, waiting, finished, and what needs a look."""
    welcome.demo_strip(runs)
    busy = [run for run in runs if run.state in AT_WORK]
    st.subheader("Training now", anchor=False)
    active_runs.running(busy)
    waiting = state.client().runs.queue()
    if waiting:
        st.subheader(f"Waiting: {counted(len(waiting), 'run')}", anchor=False)
        active_runs.queue(waiting)
    own = [run for run in runs if not run.is_trial]
    if len(own) < len(runs) and run_filter.trials_too():
        own = list(runs)
    by_end = sorted(own, key=lambda run: run.finished_at or run.created_at, reverse=True)
    broken = [run for run in by_end if run.state in UNFINISHED]
    if broken:
        st.subheader("Ended early", anchor=False)
        recent_runs.unfinished(broken)
    done = [run for run in by_end if run.state is RunState.FINISHED]
    if done:
        st.subheader("Finished lately", anchor=False)
        recent_runs.finished(done)


def show_machine() -> None:
    """Devices, slots, supervisor, data sets."""
    st.subheader("This machine", anchor=False)
    machine.devices()
    machine.slots()
    machine.supervisor()
    st.subheader("Data sets", anchor=False)
    for status in state.client().datasets.list():
        dataset_state.show(status.name, key="overview")


st.title("Overview", anchor=False)
state.live("overview", show_lab, busy=dataset_state.any_preparing, wakes=True)
