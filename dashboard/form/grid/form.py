"""The lists of values on the page, their errors, and the number and time of the grid's runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.errors import ConvscopeError, FieldError
from core.spec import Experiment
from core.spec.grid import Grid
from dashboard import state
from dashboard.form import Draft
from dashboard.form.form import sentence
from dashboard.form.grid.draft import GridDraft, VariableField, variable_fields
from dashboard.shared.field_names import spoken_path
from dashboard.shared.text import counted, duration, inert

_KEY = "grid/lists"


@dataclass(frozen=True)
class PlannedGrid:
    """The grid as it is filled in now, and its errors."""

    grid: Grid
    wrong: tuple[FieldError, ...] = ()


def grid_draft(filled: Draft) -> GridDraft:
    """The lists of this session, cleared when the experiment's draft has another start."""
    lists = state.session(_KEY, GridDraft)
    lists.clear_if_moved(filled.origin)
    return lists


def show(filled: Draft, experiment: Experiment | None) -> PlannedGrid:
    """One list per varied field, and a box that adds a field."""
    lists = grid_draft(filled)
    fields = variable_fields(filled.raw)
    with st.expander(_label(lists), type="compact", expanded=bool(lists.texts)):
        _offer_preset_grid(filled, lists)
        grid, wrong = lists.grid()
        if experiment is not None and grid.axes and not wrong:
            wrong = state.client().grids.check(experiment, grid)
        shown: set[FieldError] = set()
        for key in list(lists.texts):
            shown |= _list(lists, key, fields, wrong)
        _add_field(lists, fields)
        for error in wrong:
            if error not in shown:
                sentence(_with_field_name(error))
        if experiment is not None and grid.axes and not wrong:
            st.caption(_cost(experiment, grid))
    return PlannedGrid(grid, tuple(wrong))


def _label(lists: GridDraft) -> str:
    count = len(lists.texts)
    return f"Varied: {counted(count, 'field')}" if count else "Vary a field: a grid of runs"


def _offer_preset_grid(filled: Draft, lists: GridDraft) -> None:
    preset = next((each for each in state.presets() if each.name == filled.preset), None)
    if preset is None or preset.grid is None or lists.texts:
        return
    st.button(
        f"Use the preset's grid of {preset.grid.num_points}",
        icon=":material/grid_on:",
        key="grid/own",
        on_click=lists.fill_from,
        args=(preset.grid, filled.origin),
    )


def _list(
    lists: GridDraft, key: str, fields: Mapping[str, VariableField], wrong: Sequence[FieldError]
) -> set[FieldError]:
    """One list with its errors; returns the errors that it showed."""
    paths = [part.strip() for part in key.split(",")]
    widget_key = f"grid/{lists.generation}/{key}"
    known = fields.get(paths[0])

    def write() -> None:
        lists.texts[key] = st.session_state[widget_key]

    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.text_input(
            inert(" and ".join(spoken_path(path) for path in paths)),
            lists.texts[key],
            key=widget_key,
            on_change=write,
            placeholder="0.1, 0.2, 0.3",
            help="Values, separated by commas. "
            + (inert(f"{known.expected}.") if known and known.expected else ""),
        )
        st.button(
            "",
            icon=":material/close:",
            key=f"{widget_key}/remove",
            type="tertiary",
            help="Stop varying this field",
            on_click=lists.remove,
            args=(key,),
        )
    mine = {error for error in wrong if error.field in paths}
    # Fields that are varied together have the same message.
    for message in dict.fromkeys(error.message for error in wrong if error in mine):
        sentence(message)
    return mine


def _add_field(lists: GridDraft, fields: Mapping[str, VariableField]) -> None:
    taken = {part.strip() for key in lists.texts for part in key.split(",")}
    key = f"grid/{lists.generation}/more"

    def add() -> None:
        path = st.session_state[key]
        if path:
            lists.add(path, fields[path].now)

    st.selectbox(
        "Vary another field" if lists.texts else "Field to vary",
        [path for path in fields if path not in taken],
        index=None,
        placeholder="Type to search the fields",
        format_func=lambda path: fields[path].title,
        key=key,
        on_change=add,
        help="The field gets a list of values. The grid has one run per value, or per combination "
        "of the values of several fields, and per seed.",
    )


def _with_field_name(error: FieldError) -> str:
    known = error.field not in ("", "grid")
    return f"{spoken_path(error.field)}: {error.message}" if known else error.message


def _cost(experiment: Experiment, grid: Grid) -> str:
    lists = " x ".join(str(len(axis.values)) for axis in grid.axes)
    seeds = f" x {len(experiment.seeds)} seeds" if len(experiment.seeds) > 1 else ""
    num_runs = grid.num_points * len(experiment.seeds)
    same = f"{lists}{seeds}"
    runs = counted(num_runs, "run") if same == str(num_runs) else f"{same} = {num_runs} runs"
    try:
        whole = state.client().grids.estimate(experiment, grid)
    except ConvscopeError as error:
        return f"{runs}. {inert(str(error))}"
    return (
        f":material/timer: **{runs}**, one after the other about **{duration(whole.seconds)}** "
        f"({duration(whole.low)} to {duration(whole.high)})."
    )
