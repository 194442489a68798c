"""The banner about held work: runs and searches of a folder that this user has not released."""

from __future__ import annotations

import streamlit as st

from core.client import Client
from core.records.runs import HeldWork, HoldReason
from dashboard.shared import failures


def show(client: Client) -> None:
    """Show the banner while work is held."""
    held = client.held_work.get()
    if held is None:
        return
    if held.reason is HoldReason.NOT_STORABLE:
        # No buttons: neither decision could be stored.
        st.warning(_not_storable(held, client), icon=":material/pan_tool:")
        return
    st.warning(
        f"This results folder contains {held} that {_wait(held)}: you have not opened it before. "
        "They start only when you start them. Do so only if you know where the folder comes from.",
        icon=":material/pan_tool:",
    )
    with st.container(horizontal=True):
        st.button(
            "Start them",
            key="held_work/start",
            on_click=failures.attempt,
            args=(client.held_work.release,),
        )
        st.button(
            "Remove from queue",
            key="held_work/stop",
            help="Removes runs from the queue and pauses searches. Each can be resumed later.",
            on_click=failures.attempt,
            args=(client.held_work.stop,),
        )


def _not_storable(held: HeldWork, client: Client) -> str:
    return (
        f"This results folder contains {held} that {_wait(held)}: the folder "
        f"`{client.settings.config}`, which stores the results folders that you have opened, "
        "cannot be written to. Make it writable, or start this page with CONVSCOPE_CONFIG set to "
        "another folder."
    )


def _wait(held: HeldWork) -> str:
    return "waits" if held.num_runs + held.num_searches == 1 else "wait"
