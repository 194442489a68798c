"""What the lab runs on: devices, slots, the supervisor."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.components import failures
from dashboard.components.text import counted, inert, percent, size

_MOST_CPU_SLOTS = 64


def devices() -> None:
    """Each GPU with memory and load, and the CPU with the machine's memory."""
    for device in state.client().devices():
        kind = "CPU" if device.slot == "cpu" else device.slot.upper().replace(":", " ")
        with st.container(gap="xxsmall"):
            st.markdown(f":material/memory: **{kind}** · :small[{inert(device.name)}]")
            st.progress(min(1.0, max(0.0, device.load)), text=f"load {percent(device.load)}")
            used = device.memory_used / device.memory_total if device.memory_total else 0.0
            text = f"memory {size(device.memory_used)} of {size(device.memory_total)}"
            st.progress(min(1.0, used), text=text)


def slots() -> None:
    """How many runs go at once. On a machine with GPUs: one each; else a number to choose."""
    found = state.client().slots()
    if found.gpus:
        st.caption(f"One run a GPU: {counted(len(found.gpus), 'run')} at a time.")
        return
    key = f"slots/{found.cpu_slots}"

    def change() -> None:
        wanted = st.session_state[key]
        if wanted is not None:
            failures.attempt(state.client().set_cpu_slots, int(wanted))

    st.number_input(
        "Runs at a time on the CPU",
        min_value=1,
        max_value=_MOST_CPU_SLOTS,
        value=found.cpu_slots,
        key=key,
        on_change=change,
        help="The rest waits in the queue. Runs that share the CPU slow each other down.",
    )


def supervisor() -> None:
    """Whether somebody starts what is queued; a button when nobody does."""
    status = state.client().supervisor()
    if status.is_running:
        where = f":small[(process {status.pid})]"
        st.markdown(f":material/check_circle: The supervisor is at work {where}.")
        return
    st.markdown(":material/pause_circle: No supervisor is at work: queued runs wait.")
    st.button(
        "Start the supervisor",
        icon=":material/play_arrow:",
        key="supervisor/start",
        on_click=failures.attempt,
        args=(state.client().ensure_supervisor,),
    )
