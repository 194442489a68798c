"""A trial of a person's own: the values of another one, edited, and put into the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import ConvscopeError
from core.records.searches import Trial
from core.spec.search import Parameter, in_force
from dashboard import state
from dashboard.charts.search.points import shown
from dashboard.pages.search import form_errors
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared.text import inert
from dashboard.streamlit_workarounds import popovers


def popover(seen: Snapshot, like: Trial | None) -> None:
    """A form of one input a parameter, filled in as ``like`` was.

    Without one each holds the lowest value of its range, or the first that is listed.
    """
    number = like.number if like else 0
    with (
        popovers.closing(
            "Edit and queue" if like else "Queue a trial by hand",
            ":material/playlist_add:",
            _place(seen, number),
        ),
        st.form(f"search/by_hand/form/{seen.id}/{number}", border=False),
    ):
        values: dict[str, Any] = {}
        for parameter in seen.search.parameters:
            given = (like.values if like else {}).get(parameter.name)
            value = _input(parameter, given, f"search/by_hand/{number}/{parameter.name}")
            if value is not None:
                values[parameter.name] = value
        st.caption("It is trained next, before what the algorithm proposes, and told to it.")
        if st.form_submit_button("Queue it", type="primary"):
            _enqueue(seen, values, number)
        form_errors.show(_place(seen, number))


def _place(seen: Snapshot, number: int) -> str:
    return f"search/by_hand/{seen.id}/{number}"


def only_in_force(seen: Snapshot, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those of parameters whose condition does not hold for them."""
    kept: dict[str, Any] = {}
    for parameter in seen.search.parameters:
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


def _enqueue(seen: Snapshot, values: Mapping[str, Any], number: int) -> None:
    try:
        trial = state.client().trials.enqueue(seen.id, only_in_force(seen, values))
    except ConvscopeError as error:
        form_errors.note(_place(seen, number), error)
        return
    form_errors.note(_place(seen, number), None)
    popovers.close(_place(seen, number))
    st.toast(f"Trial {trial.number} is queued.", icon=":material/playlist_add:")
    st.rerun()
