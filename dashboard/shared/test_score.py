"""The test score: evaluated on request only, and each evaluation is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.records.runs import EventKind, Run, RunEvent
from dashboard import state
from dashboard.shared import failures, plain_table
from dashboard.shared.plain_table import Cell
from dashboard.shared.text import ago, inert, percent

_TEST_EVENTS = {EventKind.TEST_REQUESTED, EventKind.TEST_EVALUATED, EventKind.TEST_FAILED}
_PATIENCE = timedelta(minutes=15)
"""An evaluation that was recorded and has no result for so long has no process any more."""
_START_TIME = timedelta(seconds=30)
"""A process that was started here records its evaluation within so long."""
_ASKED = "run/test/asked"


def show(run: Run) -> None:
    """A sentence and a button; the score once it was evaluated."""
    lab = state.client()
    scores = lab.metrics.test_scores(run.id)
    events = lab.runs.events(run.id)
    pending = is_pending(run, events)
    if scores is not None:
        _score(scores, events)
    failure = last_failure(events)
    if failure and not pending:
        st.warning(inert(failure))
    if run.best is None:
        st.info("No model to evaluate yet: the run has no finished epoch.")
        return
    if pending:
        st.info("Evaluating the best model on the test set…", icon=":material/hourglass_top:")
        return
    st.markdown(
        "Runs are ranked by validation accuracy. Keep the test set for the end: its score is an "
        "honest estimate only if it does not influence what you do next. Each evaluation is "
        "recorded in the run's events."
    )
    st.button(
        "Evaluate again on test set" if scores else "Evaluate on test set",
        icon=":material/visibility:",
        key="run/test",
        help=f"Evaluates the model of epoch {run.best.epoch}, the best on validation.",
        on_click=_request,
        args=(run.id,),
    )


def is_pending(run: Run, events: Sequence[RunEvent]) -> bool:
    """Whether an evaluation has begun, or was requested here just now, and has no result yet."""
    now = datetime.now(UTC)
    last = next((event for event in reversed(events) if event.kind in _TEST_EVENTS), None)
    has_begun = last is not None and last.kind is EventKind.TEST_REQUESTED
    requested_at: datetime | None = st.session_state.get(f"{_ASKED}/{run.id}")
    if requested_at and now - requested_at < _START_TIME:
        return last is None or has_begun or last.at <= requested_at
    return last is not None and has_begun and now - last.at < _PATIENCE


def last_failure(events: Sequence[RunEvent]) -> str | None:
    """Why the last evaluation failed; None when it gave a score, or there was none."""
    results = {EventKind.TEST_EVALUATED, EventKind.TEST_FAILED}
    last = next((event for event in reversed(events) if event.kind in results), None)
    return last.reason if last is not None and last.kind is EventKind.TEST_FAILED else None


def _score(scores: dict[str, object], events: Sequence[RunEvent]) -> None:
    count = sum(event.kind is EventKind.TEST_REQUESTED for event in events)
    times = f" ({count} time{'s' if count != 1 else ''})" if count else ""
    evaluated = (event.at for event in reversed(events) if event.kind is EventKind.TEST_EVALUATED)
    at = next(evaluated, None)  # None after a rebuild: events are lost with the database
    rows: list[list[str | Cell]] = [
        ["Test accuracy", Cell(percent(_number(scores.get("accuracy"))), strong=True, number=True)],
        ["Test loss", Cell(f"{_number(scores.get('loss')):.4g}", number=True)],
    ]
    plain_table.show(
        ["Metric", f"Model of epoch {scores['epoch']} (best on validation)"],
        rows,
        label="Test score",
        caption=f"Evaluated {ago(at)}{times}." if at else "",
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _request(run_id: str) -> None:
    if failures.succeeded(state.client().metrics.evaluate_on_test, run_id):
        st.session_state[f"{_ASKED}/{run_id}"] = datetime.now(UTC)
