"""What a search may use: shown, and changed while it goes on."""

from __future__ import annotations

import streamlit as st

from core.errors import ConvscopeError, FieldError, InvalidExperiment
from core.records.searches import MANUAL, SearchState
from core.spec.parser import field_errors
from core.spec.search import Budget, planned_trials
from dashboard import state
from dashboard.pages.search import form_errors
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared import failures
from dashboard.streamlit_workarounds import popovers

_LABELS = {
    "max_trials": "Trials",
    "epochs": "Epochs per trial",
    "hours": "Hours",
    "parallel": "Trials at a time",
}


def current(seen: Snapshot) -> Budget:
    """The budget as it is now."""
    return Budget.model_validate(seen.record.budget)


def planned(seen: Snapshot) -> int:
    """Trials that there will be at most: of a small space or a Hyperband fewer than allowed."""
    # Trials by hand come on top of what is allowed, though not of what a small space holds.
    by_hand = sum(trial.origin == MANUAL for trial in seen.trials)
    planned = planned_trials(seen.search, current(seen))
    if planned == current(seen).max_trials:
        planned += by_hand
    return max(1, seen.record.num_done, planned)


def popover(seen: Snapshot) -> None:
    """Trials, epochs, hours and trials at a time. A search that has ended goes on with more."""
    ended = seen.record.state is SearchState.FINISHED
    label = "Extend" if ended else "Change the budget"
    with (
        popovers.closing(label, ":material/more_time:", _place(seen)),
        st.form(f"search/budget/form/{seen.id}", border=False),
    ):
        now = current(seen)
        values = {
            "max_trials": st.number_input(
                _LABELS["max_trials"], value=now.max_trials, step=1, format="%d"
            ),
            "epochs": st.number_input(
                _LABELS["epochs"],
                value=now.epochs,
                step=1,
                format="%d",
                placeholder="as the base has",
                help="For trials that begin from now on.",
            ),
            "hours": st.number_input(
                _LABELS["hours"], value=now.hours, step=0.5, format="%g", placeholder="no limit"
            ),
            "parallel": st.number_input(
                _LABELS["parallel"],
                value=now.parallel,
                step=1,
                format="%d",
                help="As far as there are slots.",
            ),
        }
        if st.form_submit_button("Extend and go on" if ended else "Save", type="primary"):
            _change(seen, values, resume=ended)
        form_errors.show(_place(seen))


def _place(seen: Snapshot) -> str:
    return f"search/budget/{seen.id}"


def _change(seen: Snapshot, values: dict[str, float | int | None], *, resume: bool) -> None:
    lab = state.client()
    try:
        lab.searches.change_budget(seen.id, budget_of(values))
    except ConvscopeError as error:
        form_errors.note(_place(seen), error)
        return
    form_errors.note(_place(seen), None)
    popovers.close(_place(seen))
    if resume:
        failures.attempt(lab.searches.resume, seen.id)
    st.rerun()


def budget_of(values: dict[str, float | int | None]) -> Budget:
    """A budget from what was typed. Raises InvalidExperiment with the fields that are wrong."""
    from pydantic import ValidationError

    try:
        return Budget.model_validate(values)
    except ValidationError as error:
        wrong = field_errors(values, error.errors())
        raise InvalidExperiment(
            [FieldError(_LABELS[each.field], each.message) for each in wrong]
        ) from error
