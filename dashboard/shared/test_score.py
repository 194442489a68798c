"""The test score of a run: computed on request only, and recorded in its events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.records.runs import Run, RunEvent
from dashboard import state
from dashboard.shared import failures, plain_table
from dashboard.shared.plain_table import Cell
from dashboard.shared.text import ago, inert, percent

REQUESTED, REFUSED, SCORED = "test score requested", "no test score", "test accuracy"
_PATIENCE = timedelta(minutes=15)
_ASKED = "run/test/asked"


def show(run: Run) -> None:
    """Show the score if there is one, and a button that requests an evaluation."""
    lab = state.client()
    scores = lab.metrics.test_scores(run.id)
    events = lab.runs.events(run.id)
    pending = is_pending(run, events)
    if scores is not None:
        _score(scores, events)
    refusal = last_refusal(events)
    if refusal and not pending:
        st.warning(inert(refusal))
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
        on_click=_ask,
        args=(run.id,),
    )


def is_pending(run: Run, events: Sequence[RunEvent]) -> bool:
    """Whether an answer is on its way: asked here just now, or recorded and not yet answered."""
    now = datetime.now(UTC)
    looks = [event for event in events if event.reason.startswith((REQUESTED, REFUSED, SCORED))]
    asked_at: datetime | None = st.session_state.get(f"{_ASKED}/{run.id}")
    if asked_at and now - asked_at < timedelta(seconds=30):
        answered = looks and looks[-1].at > asked_at and not looks[-1].reason.startswith(REQUESTED)
        return not answered
    open_look = looks and looks[-1].reason.startswith(REQUESTED)
    return bool(open_look and now - looks[-1].at < _PATIENCE)


def last_refusal(events: Sequence[RunEvent]) -> str | None:
    """Why the last look gave no score; None when it gave one, or nobody looked."""
    looks = [event for event in events if event.reason.startswith((REFUSED, SCORED))]
    return looks[-1].reason if looks and looks[-1].reason.startswith(REFUSED) else None


def _score(scores: dict[str, object], events: Sequence[RunEvent]) -> None:
    epoch = scores["epoch"]
    looks = sum(event.reason.startswith(REQUESTED) for event in events)
    when = next((e.at for e in reversed(events) if e.reason.startswith(SCORED)), None)
    rows: list[list[str | Cell]] = [
        ["Test accuracy", Cell(percent(_number(scores.get("accuracy"))), strong=True, number=True)],
        ["Test loss", Cell(f"{_number(scores.get('loss')):.4g}", number=True)],
    ]
    plain_table.show(
        ["Test split", f"Epoch {epoch}, the best on validation"],
        rows,
        label="Test score",
        caption=f"Evaluated {ago(when)} ({looks} time{'s' if looks != 1 else ''}).",
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _ask(run_id: str) -> None:
    if failures.succeeded(state.client().metrics.evaluate_on_test, run_id):
        st.session_state[f"{_ASKED}/{run_id}"] = datetime.now(UTC)
