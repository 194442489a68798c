"""A manual trial: the user edits the values of another trial and queues the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import ConvscopeError
from core.records.searches import Trial
from core.spec.search import Parameter, in_force
from dashboard import state
from dashboard.charts.search.points import shown
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared import failures
from dashboard.shared.text import inert
from dashboard.streamlit_workarounds import popovers


def popover(snapshot: Snapshot, like: Trial | None) -> None:
    """A form with one input per hyperparameter, filled in with the values of ``like``.

    Without ``like``, each input has the lowest or the first value of its range.
    """
    number = like.number if like else 0
    with (
        popovers.closing(
            "Edit and queue" if like else "Queue a trial",
            ":material/playlist_add:",
            _place(snapshot, number),
        ),
        st.form(f"search/by_hand/form/{snapshot.id}/{number}", border=False),
    ):
        values: dict[str, Any] = {}
        for parameter in snapshot.search.parameters:
            given = (like.values if like else {}).get(parameter.name)
            value = _input(parameter, given, f"search/by_hand/{number}/{parameter.name}")
            if value is not None:
                values[parameter.name] = value
        st.caption(
            "This trial runs next, before the algorithm's proposals. The algorithm learns from it."
        )
        if st.form_submit_button("Add to queue", type="primary"):
            _enqueue(snapshot, values, number)
        failures.show_form_errors(_place(snapshot, number))


def _place(snapshot: Snapshot, number: int) -> str:
    return f"search/by_hand/{snapshot.id}/{number}"


def only_in_force(snapshot: Snapshot, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those of hyperparameters whose condition does not hold."""
    kept: dict[str, Any] = {}
    for parameter in snapshot.search.parameters:
        if parameter.name in values and in_force(parameter, kept):
            kept[parameter.name] = values[parameter.name]
    return kept


def _input(parameter: Parameter, given: Any, key: str) -> Any:
    span = parameter.range
    label = inert(parameter.name)
    if span.kind in ("integer", "real"):
        kind = int if span.kind == "integer" else float
        start = span.minimum if given is None else given
        step = kind(span.step or 1) if span.kind == "integer" else None
        return st.number_input(
            label,
            value=kind(start),
            step=step,
            format="%d" if kind is int else "%g",
            help=f"{shown(span.minimum)} to {shown(span.maximum)}",
            key=key,
        )
    options = list(span.listed() or [])
    index = options.index(given) if given in options else 0
    return st.selectbox(label, options, index=index, format_func=shown, key=key)


def _enqueue(snapshot: Snapshot, values: Mapping[str, Any], number: int) -> None:
    try:
        trial = state.client().trials.enqueue(snapshot.id, only_in_force(snapshot, values))
    except ConvscopeError as error:
        failures.keep_form_errors(_place(snapshot, number), error)
        return
    failures.keep_form_errors(_place(snapshot, number), None)
    popovers.close(_place(snapshot, number))
    st.toast(f"Trial {trial.number} is queued.", icon=":material/playlist_add:")
    st.rerun()
