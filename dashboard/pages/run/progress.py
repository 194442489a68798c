"""The progress of a run: bars while it trains, a sentence otherwise, and its main figures."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.errors import ConvscopeError
from core.records.runs import Run, RunState
from dashboard import state
from dashboard.shared import machine, run_state, scores
from dashboard.shared.scores import Epoch
from dashboard.shared.text import NOTHING, counted, duration, inert, percent

_ADVICE = {
    "out_of_memory": "Duplicate the run with a smaller batch size or fewer filters.",
    "nan_loss": "Duplicate the run with a lower learning rate or with gradient clipping.",
    "disk_full": "Free disk space, then resume: the run continues from its checkpoint.",
    "data_missing": "Prepare the data set (Overview, Data sets), then resume.",
    "engine_missing": "Install the engine, or duplicate the run with another engine.",
}


def show(run: Run, metrics: pd.DataFrame) -> None:
    """Show the bars, the failure or the place in the queue, then the main figures."""
    done = scores.epochs(metrics, run.id)
    with st.container(gap="xsmall"):
        if run.state is RunState.QUEUED:
            _queue_position(run)
        elif run.state.is_active:
            _bars(run)
        elif run.failure is not None and run.state is not RunState.FINISHED:
            _failure(run)
        elif run.state is RunState.STOPPED:
            st.info(f"Stopped after {run_state.epochs(run)}. Resume continues from there.")
    _figures(run, done)


def _queue_position(run: Run) -> None:
    client = state.client()
    order = [each.id for each in client.runs.queue()]
    before = order.index(run.id) if run.id in order else 0
    place = f"{counted(before, 'run')} ahead" if before else "next to start"
    text = f"Queued: {place}. {machine.missing_job_runner()}"
    st.info(text.rstrip(), icon=":material/schedule:")


def _bars(run: Run) -> None:
    progress = run.progress
    done = f"{run.epochs_done} of {counted(run.epochs, 'epoch')} done"
    st.progress(run_state.fraction(run), text=f"{done} · {run_state.eta(run)}")
    share = 0.0
    if progress is not None and progress.batches is not None:
        batch, total = progress.batches
        share = batch / total
    elif progress is not None and progress.fraction is not None:
        share = progress.fraction
    elif progress is not None and progress.epoch:
        share = 1.0  # validating, saving, exporting: the epoch's batches are done
    doing = run_state.doing(run)
    st.progress(min(1.0, max(0.0, share)), text=doing[:1].upper() + doing[1:])
    parts = [run_state.live_scores(run), run_state.silence(run)]
    st.caption(
        " · ".join(part for part in parts if part) or "No batch of this epoch has finished yet."
    )


def _failure(run: Run) -> None:
    failure = run.failure
    assert failure is not None  # noqa: S101  # checked by the caller
    advice = _ADVICE.get(
        failure.code,
        "Resume continues from the last checkpoint; Duplicate lets you change settings first.",
    )
    last = f"Last finished epoch: {failure.epoch}." if failure.epoch else "No epoch finished."
    st.error(f"**{inert(failure.message)}** {last} {advice}", icon=":material/error:")
    if failure.traceback:
        with st.expander("Traceback"):
            st.code(failure.traceback, language="python", wrap_lines=True)


def _figures(run: Run, done: Mapping[int, Epoch]) -> None:
    best = done.get(run.best.epoch) if run.best else None
    last = done[max(done)] if done else None
    with st.grid(4, min_column_width=250, gap="small"):
        _accuracy("Best validation accuracy", best)
        _accuracy("Last validation accuracy", last)
        st.metric(
            f"Overfit gap{_in_epoch(best)}",
            _points(best),
            help="Training minus validation accuracy in the best epoch.",
        )
        _speed(run, done)
    if best is not None:
        st.caption(scores.gap_in_words(best))


def _accuracy(label: str, epoch: Epoch | None) -> None:
    value = epoch.value("validation", "accuracy") if epoch else None
    st.metric(f"{label}{_in_epoch(epoch)}", percent(value))


def _in_epoch(epoch: Epoch | None) -> str:
    return f" · epoch {epoch.number}" if epoch else ""


def _points(epoch: Epoch | None) -> str:
    return NOTHING if epoch is None or epoch.gap is None else f"{100 * epoch.gap:+.1f} points"


def _speed(run: Run, done: Mapping[int, Epoch]) -> None:
    took = scores.seconds_per_epoch(done)
    if took is None and run.progress is not None:
        took = run.progress.seconds_per_epoch
    st.metric(
        f"Time per epoch ({_estimate(run)})",
        duration(took),
        help="Median time per epoch. The estimate was made before the run, from earlier runs.",
    )


def _estimate(run: Run) -> str:
    def estimate_epoch() -> str:
        try:
            estimate = state.client().experiments.estimate_before(run.id)
        except ConvscopeError:
            return "no estimate"
        kind = "estimated" if estimate.based_on else "rough estimate"
        return f"{kind} {duration(estimate.seconds_per_epoch)}"

    return state.session(f"run/estimate/{run.id}", estimate_epoch)
