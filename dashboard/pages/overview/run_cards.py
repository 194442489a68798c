"""Runs on the overview: running, waiting, ended early and finished, each with its actions."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.records.runs import Run, RunState
from dashboard import state
from dashboard.shared import failures, links, run_state
from dashboard.shared.text import ago, counted, duration, inert

_MOST_WAITING = 12
_MOST_ENDED = 6


def running(runs: Sequence[Run]) -> None:
    """One card per active run."""
    if not runs:
        st.caption("No run is training now.")
    for run in runs:
        _card(run)


def queue(runs: Sequence[Run]) -> None:
    """Runs that wait, in the order in which they will start; each can be moved and removed."""
    for index, run in enumerate(runs[:_MOST_WAITING]):
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
                help=f"Remove {inert(links.run_label(run))} from the queue",
                on_click=failures.attempt,
                args=(state.client().runs.stop, run.id),
            )
    if len(runs) > _MOST_WAITING:
        st.caption(f"and {counted(len(runs) - _MOST_WAITING, 'more run')}.")


def unfinished(runs: Sequence[Run]) -> None:
    """The newest failed, lost and stopped runs: the reason, Resume and Duplicate."""
    for run in runs[:_MOST_ENDED]:
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
                    help=f"Continue after epoch {run.epochs_done}",
                    on_click=failures.attempt,
                    args=(state.client().runs.resume, run.id),
                )
                links.clone(run.id, "Duplicate")


def finished(runs: Sequence[Run]) -> None:
    """The newest finished runs, each with its best validation accuracy and that epoch."""
    for run in runs[:_MOST_ENDED]:
        with st.container(gap=None):
            links.run(run)
            st.caption(
                f"{run_state.best(run)} · took {duration(run_state.took_s(run))} · "
                f"{ago(run.finished_at)}"
            )


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
                help="Stops after the current batch and saves a checkpoint to resume from.",
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


def _reason(run: Run) -> str:
    if run.failure is not None:
        return inert(run.failure.message)
    if run.state is RunState.STOPPED:
        return "Stopped on request."
    return "The training process stopped responding."
