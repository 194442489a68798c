"""The machine: devices, slots and the job runner."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.shared import failures
from dashboard.shared.text import counted, inert, percent, size

_MOST_CPU_SLOTS = 64


def devices() -> None:
    """Show load and memory of each GPU and of the CPU."""
    for device in state.client().machine.devices():
        kind = "CPU" if device.slot == "cpu" else device.slot.upper().replace(":", " ")
        with st.container(gap="xxsmall"):
            st.markdown(f":material/memory: **{kind}** · :small[{inert(device.name)}]")
            st.progress(min(1.0, max(0.0, device.load)), text=f"load {percent(device.load)}")
            used = device.memory_used / device.memory_total if device.memory_total else 0.0
            text = f"memory {size(device.memory_used)} of {size(device.memory_total)}"
            st.progress(min(1.0, used), text=text)


def slots() -> None:
    """Show the number of parallel runs: one per GPU, or on the CPU a number to choose."""
    found = state.client().machine.slots()
    if found.gpus:
        st.caption(f"One run per GPU: {counted(len(found.gpus), 'parallel run')}.")
        return
    key = f"slots/{found.cpu_slots}"

    def change() -> None:
        wanted = st.session_state[key]
        if wanted is not None:
            failures.attempt(state.client().machine.set_cpu_slots, int(wanted))

    st.number_input(
        "Parallel runs",
        min_value=1,
        max_value=_MOST_CPU_SLOTS,
        value=found.cpu_slots,
        key=key,
        on_change=change,
        help="Other runs wait in the queue. Parallel runs share the CPU and slow each other down.",
    )


def supervisor() -> None:
    """Show whether a job runner is active; otherwise a button that starts one."""
    status = state.client().machine.supervisor()
    if status.is_running:
        st.markdown(":material/check_circle: Job runner active")
        return
    if status.is_hung:
        st.markdown(
            f":material/error: Job runner (process {status.pid}) not responding. It is replaced "
            "within seconds if runs are queued or training."
        )
    else:
        st.markdown(":material/pause_circle: No job runner active: queued runs wait.")
    st.button(
        "Start the job runner",
        icon=":material/play_arrow:",
        key="supervisor/start",
        on_click=failures.attempt,
        args=(state.client().machine.ensure_supervisor,),
    )


def missing_job_runner() -> str:
    """Why queued runs do not start; empty while a job runner is active."""
    status = state.client().machine.supervisor()
    if status.is_running:
        return ""
    if status.is_hung:
        return "The job runner does not respond and is being replaced."
    return "No job runner is active: see Overview."
