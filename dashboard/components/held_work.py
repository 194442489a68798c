"""What a results folder brought along waits; every page says so and lets the person decide."""

from __future__ import annotations

import streamlit as st

from core.client import Client
from dashboard.components import failures


def show(client: Client) -> None:
    """The banner, while something is held."""
    held = client.held_work()
    if held is None:
        return
    st.warning(
        f"You have not opened this results folder before, and it came with {held}. Nothing of it "
        "starts until you decide. Start it only if you know where it comes from.",
        icon=":material/pan_tool:",
    )
    with st.container(horizontal=True):
        st.button(
            "Start them",
            key="held_work/start",
            on_click=failures.attempt,
            args=(client.release_held_work,),
        )
        st.button(
            "Stop them",
            key="held_work/stop",
            help="Takes runs out of the queue and pauses searches. Each can be resumed later.",
            on_click=failures.attempt,
            args=(client.stop_held_work,),
        )
