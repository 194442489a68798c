"""Runs that ended lately: what they reached, or why they did not."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.records.runs import Run, RunState
from dashboard import state
from dashboard.shared import failures, links, run_state
from dashboard.shared.text import ago, duration, inert

_MOST_SHOWN = 6


def finished(runs: Sequence[Run]) -> None:
    """The newest finished runs, each with its best validation accuracy and that epoch."""
    for run in runs[:_MOST_SHOWN]:
        with st.container(gap=None):
            links.run(run)
            st.caption(
                f"{run_state.best(run)} · took {duration(run_state.took_s(run))} · "
                f"{ago(run.finished_at)}"
            )


def unfinished(runs: Sequence[Run]) -> None:
    """The newest failed, lost and stopped runs: one sentence, and a way on."""
    for run in runs[:_MOST_SHOWN]:
        with st.container(gap="xxsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                with st.container(width="stretch"):
                    links.run(run)
                run_state.badge(run)
            st.caption(f"{_reason(run)} · {run_state.epochs(run)} · {ago(run.finished_at)}")
            with st.container(horizontal=True, gap="xsmall"):
                st.button(
                    "Resume",
                    icon=":material/play_arrow:",
                    key=f"resume/{run.id}",
                    help=f"Go on after epoch {run.epochs_done}",
                    on_click=failures.attempt,
                    args=(state.client().runs.resume, run.id),
                )
                links.clone(run.id, "Clone and change")


def _reason(run: Run) -> str:
    if run.failure is not None:
        return inert(run.failure.message)
    return "Stopped on request." if run.state is RunState.STOPPED else "Its trainer went silent."
