"""What to do in an empty results folder, and the demo: two runs and their comparison."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.client.demo import TAG
from core.records.runs import Run, RunState
from dashboard import state
from dashboard.shared import failures, links


def empty_lab() -> None:
    """What the lab does, and two ways to start: the demo and the form."""
    with st.container(border=True):
        st.subheader("No runs yet", anchor=False)
        st.markdown(
            "Choose a model and its regularisation in **New experiment** and press Launch. "
            "It trains in the background while you watch loss and accuracy live. "
            "Then compare runs side by side, and predict images of your own."
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
            "The demo trains two small models on handwritten digits, one without and one with "
            "dropout, in about a minute. Then compare them and predict an image."
        )


def demo_strip(runs: Sequence[Run]) -> None:
    """The progress of the demo and its next steps, while there are no other runs."""
    if not runs or any(TAG not in run.tags for run in runs):
        return
    with st.container(border=True, gap="xsmall"):
        ended = all(run.state is RunState.FINISHED for run in runs)
        st.markdown(
            ":material/check_circle: **The demo is done.** See the effect of dropout:"
            if ended
            else ":material/hourglass_top: **The demo is running.** Watch the curves diverge:"
        )
        run_ids = [run.id for run in runs]
        with st.container(horizontal=True, gap="small"):
            links.compare(run_ids, "Compare the two")
            links.predict(run_ids, "Predict an image")
