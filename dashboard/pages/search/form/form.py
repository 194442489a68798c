"""The inputs of a new search, built from the fields of the spec."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import FieldError
from core.spec import Data
from core.spec.search import Search
from dashboard.form import experiment_start, groups, scalars
from dashboard.form.draft import Draft, Path, dotted
from dashboard.form.form import Form
from dashboard.pages.search.form import parameter as box
from dashboard.pages.search.form.fields import Varying, parameter, varying
from dashboard.shared.field_shapes import Field, field
from dashboard.streamlit_workarounds import field_values

_DATASET: Path = ("base", "data", "dataset")
_DIRECTIONS = {None: "default of the metric", "max": "maximise", "min": "minimise"}


def draw(draft: Draft, wrong: Sequence[FieldError]) -> None:
    """Show all inputs of the form, with the ``wrong`` fields marked."""
    with field_values.sending("search") as values:
        _draw(
            Form(
                draft,
                wrong,
                choices={dotted(_DATASET): experiment_start.dataset_titles()},
                claimed=frozenset({"objective.direction"}),
                values=values,
            )
        )


def _draw(form: Form) -> None:
    draft = form.draft
    _name(form)
    _base(form)
    st.subheader("Hyperparameters", anchor=False)
    known = varying(draft.raw["base"])
    _add(form, known)
    form.show_errors(("parameters",))
    for index in range(len(draft.get(("parameters",)))):
        box.show(form, index, known)
    st.subheader("Algorithm and objective", anchor=False)
    _fields(form, "algorithm")
    _objective(form)
    st.subheader("Budget", anchor=False)
    groups.spec(form, ("budget",), field(Search, "budget").shape.spec)  # type: ignore[union-attr]
    form.show_errors(("budget",))
    _fields(form, "pruning", "seeds", "seed")
    _fields(form, "early_stopping")
    _fields(form, "notes")
    form.show_remaining_errors()


def _fields(form: Form, *names: str) -> None:
    found = [((name,), field(Search, name)) for name in names]
    plain: list[tuple[Path, object]] = [each for each in found if scalars.is_plain(each[1])]
    if plain:
        scalars.cells(form, plain)  # type: ignore[arg-type]
    for path, each in found:
        if not scalars.is_plain(each):
            groups.field(form, path, each)


def _name(form: Form) -> None:
    key, now = form.key(("name",)), form.draft.get(("name",))
    st.text_input(
        "Name",
        now,
        help=field(Search, "name").help,
        key=key,
        on_change=form.on_edit(("name",), key, now, lambda text: form.draft.set(("name",), text)),
    )
    form.show_errors(("name",))


def _base(form: Form) -> None:
    """Inputs for the data: a search often uses another data set or fewer images than its base."""
    st.subheader("Data", anchor=False)
    cells: list[tuple[Path, Field]] = [(_DATASET, field(Data, "dataset"))]
    varied = {path for each in form.draft.get(("parameters",)) for path in each["paths"]}
    if "data.train_size" not in varied:
        cells.append((("base", "data", "train_size"), field(Data, "train_size")))
    scalars.cells(form, cells)


def _objective(form: Form) -> None:
    path: Path = ("objective",)
    inner = field(Search, "objective").shape.spec  # type: ignore[union-attr]
    key = form.key((*path, "direction"))
    now = form.draft.get((*path, "direction"))

    def direction() -> None:
        st.selectbox(
            "Direction",
            list(_DIRECTIONS),
            index=list(_DIRECTIONS).index(now),
            format_func=_DIRECTIONS.__getitem__,
            key=key,
            on_change=form.on_edit(
                (*path, "direction"),
                key,
                now,
                lambda chosen: form.draft.set((*path, "direction"), chosen),
            ),
        )
        form.show_errors((*path, "direction"))

    st.markdown(
        "**Objective**", help="Trials are ranked on the validation split, never on the test split."
    )
    groups.spec(form, path, inner, direction)
    form.show_errors(path)


def _add(form: Form, known: dict[str, Varying]) -> None:
    taken = {path for each in form.draft.get(("parameters",)) for path in each["paths"]}
    free = {key: each for key, each in known.items() if not taken & set(each.paths)}
    key = form.key(("parameters", "add"))

    def add(chosen: str | None) -> None:
        if chosen:
            new = known[chosen]
            form.draft.add(("parameters",), parameter(new, _free_name(form, new.name)))

    st.selectbox(
        "Add a hyperparameter",
        list(free),
        index=None,
        placeholder="Type a field, for example dropout",
        format_func=lambda each: free[each].title if each in free else each,
        key=key,
        on_change=form.on_edit(("parameters",), key, None, add),
    )


def _free_name(form: Form, wanted: str) -> str:
    taken = {each["name"] for each in form.draft.get(("parameters",))}
    names = [wanted, *(f"{wanted}_{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
