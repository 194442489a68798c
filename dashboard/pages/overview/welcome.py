"""An empty lab: what to do, and a demo in one click that ends in its comparison."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.client.demo import TAG
from core.records.runs import Run, RunState
from dashboard import state
from dashboard.shared import failures, links


def empty_lab() -> None:
    """Three sentences and two ways to start."""
    with st.container(border=True):
        st.subheader("Nothing has been trained here yet", anchor=False)
        st.markdown(
            "Pick a network and its regularisation in **New experiment** and press Launch. "
            "It trains in the background while you watch loss and accuracy live. "
            "Then lay runs side by side, and drop a picture to see what they make of it."
        )
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.button(
                "Start the demo",
                type="primary",
                icon=":material/play_circle:",
                on_click=failures.attempt,
                args=(state.client().runs.start_demo,),
            )
            st.page_link(links.NEW_EXPERIMENT, label="New experiment", icon=":material/add_circle:")
        st.caption(
            "The demo: two small networks on handwritten digits, one plain and one with dropout, "
            "in about a minute. It ends in their comparison and a prediction."
        )


def demo_strip(runs: Sequence[Run]) -> None:
    """While the lab holds nothing but the demo: where it stands and what to do with it."""
    if not runs or any(TAG not in run.tags for run in runs):
        return
    with st.container(border=True, gap="xsmall"):
        ended = all(run.state is RunState.FINISHED for run in runs)
        st.markdown(
            ":material/check_circle: **The demo is done.** See what dropout did, and try them:"
            if ended
            else ":material/hourglass_top: **The demo is under way.** Watch the two networks part:"
        )
        run_ids = [run.id for run in runs]
        with st.container(horizontal=True, gap="small"):
            links.compare(run_ids, "Compare the two")
            links.predict(run_ids, "Let them look at a picture")
