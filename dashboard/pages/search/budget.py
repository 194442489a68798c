"""The budget of a search: its limits, how to change them, and what is left of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.errors import ConvscopeError, FieldError, InvalidExperiment
from core.records.searches import MANUAL, SearchState
from core.spec.parser import field_errors
from core.spec.search import Budget, planned_trials
from dashboard import state
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared import failures
from dashboard.streamlit_workarounds import popovers

_LABELS = {
    "max_trials": "Trials",
    "epochs": "Epochs per trial",
    "hours": "Hours",
    "parallel": "Parallel trials",
}


def current(snapshot: Snapshot) -> Budget:
    """The current budget."""
    return Budget.model_validate(snapshot.record.budget)


def planned(snapshot: Snapshot) -> int:
    """The most trials there will be; a small space or Hyperband may need fewer than allowed."""
    # Manual trials are added to the allowed number, but not to the size of a small space.
    num_manual = sum(trial.origin == MANUAL for trial in snapshot.trials)
    planned = planned_trials(snapshot.search, current(snapshot))
    if planned == current(snapshot).max_trials:
        planned += num_manual
    return max(1, snapshot.record.num_done, planned)


def popover(snapshot: Snapshot) -> None:
    """A form of the limits. Extending the budget of a finished search resumes it."""
    ended = snapshot.record.state is SearchState.FINISHED
    label = "Extend" if ended else "Change budget"
    with (
        popovers.closing(label, ":material/more_time:", _place(snapshot)),
        st.form(f"search/budget/form/{snapshot.id}", border=False),
    ):
        now = current(snapshot)
        values = {
            "max_trials": st.number_input(
                _LABELS["max_trials"], value=now.max_trials, step=1, format="%d"
            ),
            "epochs": st.number_input(
                _LABELS["epochs"],
                value=now.epochs,
                step=1,
                format="%d",
                placeholder="as in the base experiment",
                help="Applies to trials that start from now on.",
            ),
            "hours": st.number_input(
                _LABELS["hours"], value=now.hours, step=0.5, format="%g", placeholder="no limit"
            ),
            "parallel": st.number_input(
                _LABELS["parallel"],
                value=now.parallel,
                step=1,
                format="%d",
                help="Limited by the number of slots.",
            ),
        }
        if st.form_submit_button("Extend and resume" if ended else "Save", type="primary"):
            _change(snapshot, values, resume=ended)
        failures.show_form_errors(_place(snapshot))


def _place(snapshot: Snapshot) -> str:
    return f"search/budget/{snapshot.id}"


def _change(snapshot: Snapshot, values: dict[str, float | int | None], *, resume: bool) -> None:
    client = state.client()
    try:
        client.searches.change_budget(snapshot.id, budget_of(values))
    except ConvscopeError as error:
        failures.keep_form_errors(_place(snapshot), error)
        return
    failures.keep_form_errors(_place(snapshot), None)
    popovers.close(_place(snapshot))
    if resume:
        failures.attempt(client.searches.resume, snapshot.id)
    st.rerun()


def budget_of(values: dict[str, float | int | None]) -> Budget:
    """A budget from the form's values. Raises InvalidExperiment with the invalid fields."""
    from pydantic import ValidationError

    try:
        return Budget.model_validate(values)
    except ValidationError as error:
        invalid = field_errors(values, error.errors())
        raise InvalidExperiment(
            [FieldError(_LABELS[each.field], each.message) for each in invalid]
        ) from error


@dataclass(frozen=True)
class Remaining:
    """What is left of a search."""

    num_trials: int
    """At most: a small space may be exhausted earlier."""
    seconds: float | None
    """None: not known yet."""
    hours_of_budget: float | None
    """None: the budget has no time limit."""


def remaining(
    took: Sequence[float],
    *,
    num_done: int,
    max_trials: int,
    num_running: int,
    running_for_s: float,
    parallel: int,
    hours: float | None,
    spent_s: float,
) -> Remaining:
    """Estimate the time of the remaining trials from the median of ended ones, within the budget.

    ``took`` holds the seconds of each ended trial. ``running_for_s`` is the sum of seconds since
    the running trials started. ``spent_s`` counts against ``hours``.
    """
    num_left = max(0, max_trials - num_done)
    budget_s = None if hours is None else max(0.0, 3600 * hours - spent_s)
    budget_hours = None if budget_s is None else budget_s / 3600
    if not took:
        return Remaining(num_left, None if num_left else 0.0, budget_hours)
    median_s = statistics.median(took)
    already_s = min(running_for_s, median_s * min(num_running, num_left))
    seconds = max(0.0, median_s * num_left - already_s)
    seconds /= max(1, min(parallel, max(num_left, 1)))
    if budget_s is not None:
        seconds = min(seconds, budget_s)
    return Remaining(num_left, seconds if math.isfinite(seconds) else None, budget_hours)
