"""Runs at work and runs that wait: progress, time left, order, stop."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.records.runs import Run, RunState
from dashboard import state
from dashboard.shared import failures, links, run_state
from dashboard.shared.text import counted, inert

_MOST_SHOWN = 12


def running(runs: Sequence[Run]) -> None:
    """A card for each run at work."""
    if not runs:
        st.caption("Nothing is training right now.")
    for run in runs:
        _card(run)


def queue(runs: Sequence[Run]) -> None:
    """Runs that wait, in the order in which they will start; each can go up, down and out."""
    for index, run in enumerate(runs[:_MOST_SHOWN]):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            with st.container(width="stretch"):
                links.run(run, f"{index + 1}. {inert(links.run_label(run))}")
            _move_button(run, index, index - 1, "up", disabled=index == 0)
            _move_button(run, index, index + 1, "down", disabled=index == len(runs) - 1)
            st.button(
                "",
                icon=":material/close:",
                type="tertiary",
                key=f"queue/out/{run.id}",
                help=f"Take {inert(links.run_label(run))} out of the queue",
                on_click=failures.attempt,
                args=(state.client().runs.stop, run.id),
            )
    if len(runs) > _MOST_SHOWN:
        st.caption(f"and {counted(len(runs) - _MOST_SHOWN, 'more run')}.")


def _card(run: Run) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width="stretch"):
                links.run(run)
            run_state.badge(run)
            st.button(
                "Stop",
                icon=":material/stop_circle:",
                key=f"stop/{run.id}",
                help="It stops after its batch, with a checkpoint to resume from.",
                disabled=run.state is RunState.STOPPING,
                on_click=failures.attempt,
                args=(state.client().runs.stop, run.id),
            )
        st.progress(run_state.fraction(run), text=f"{run_state.doing(run)} · {run_state.eta(run)}")
        scores = [run_state.live_scores(run), run_state.best(run), run_state.silence(run)]
        st.caption(" · ".join(part for part in scores if part))


def _move_button(run: Run, index: int, to: int, word: str, *, disabled: bool) -> None:
    st.button(
        "",
        icon=f":material/arrow_{word}ward:",
        type="tertiary",
        key=f"queue/{word}/{run.id}",
        help=f"Start {inert(links.run_label(run))} {'earlier' if to < index else 'later'}",
        disabled=disabled,
        on_click=failures.attempt,
        args=(state.client().runs.move_in_queue, run.id, to),
    )
