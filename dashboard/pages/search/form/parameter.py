"""One hyperparameter of a new search: name, fields, range and condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.spec.search import Choice as ChoiceRange
from core.spec.search import Integer, Parameter, Real
from dashboard.form import scalars
from dashboard.form.draft import Path
from dashboard.form.form import Form
from dashboard.pages.search.form.fields import Varying, key_of, kinds, range_of_kind
from dashboard.shared.field_names import spoken, spoken_path
from dashboard.shared.field_shapes import Choice, Field, fields
from dashboard.shared.text import counted, inert

_SPECS = {"integer": Integer, "real": Real}
_KIND_WORDS = {
    "choice": "list of values",
    "integer": "integer range",
    "real": "numeric range",
    "boolean": "on or off",
    "variants": "named variants",
}


def show(form: Form, index: int, known: Mapping[str, Varying]) -> None:
    """Show the box of the hyperparameter at ``index``, with errors at their fields."""
    path: Path = ("parameters", index)
    raw = form.draft.get(path)
    field = known.get(key_of(raw["paths"])) or known.get(next(iter(raw["paths"]), ""))
    with st.container(border=True, gap="xsmall"):
        _head(form, path, raw, field)
        form.show_errors(path)
        form.show_errors((*path, "paths"), below=True)
        _range(form, path, raw, field)
        form.show_errors((*path, "range"))
        _only_when(form, path, raw)


def _head(form: Form, path: Path, raw: Mapping[str, Any], field: Varying | None) -> None:
    index = int(path[-1])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            st.markdown(f"**{inert(raw['name'])}** · :small[{inert(_fields(raw, field))}]")
        st.button(
            "",
            icon=":material/delete:",
            type="tertiary",
            key=form.key((*path, "remove")),
            help=f"Remove {inert(raw['name'])}",
            on_click=form.if_current(lambda: form.draft.remove(("parameters",), index)),
        )


def _fields(raw: Mapping[str, Any], field: Varying | None) -> str:
    if raw["range"]["kind"] == "variants":
        set_by = {name for each in raw["range"]["variants"].values() for name in each}
        return ", ".join(spoken_path(each) for each in sorted(set_by))
    if field is not None and key_of(raw["paths"]) == key_of(field.paths):
        return field.title
    return ", ".join(spoken_path(each) for each in raw["paths"])


def _range(form: Form, path: Path, raw: Mapping[str, Any], field: Varying | None) -> None:
    kind = raw["range"]["kind"]
    inner: Path = (*path, "range")

    def first() -> None:
        _kind(form, path, kind, field)

    plain = (
        [
            (path_of, each)
            for path_of, each in [((*path, "name"), _field(Parameter, "name"))]
            + [((*inner, name.name), name) for name in fields(_SPECS[kind])]
        ]
        if kind in _SPECS
        else [((*path, "name"), _field(Parameter, "name"))]
    )
    scalars.cells(form, plain, first)
    if kind == "choice":
        _choice(form, inner, field)
    elif kind == "variants":
        labels = list(raw["range"]["variants"])
        st.caption(f"{counted(len(labels), 'variant')}: {inert(', '.join(labels))}")


def _field(spec: type[Any], name: str) -> Field:
    from dashboard.shared.field_shapes import field

    return field(spec, name)


def _kind(form: Form, path: Path, kind: str, field: Varying | None) -> None:
    options = list(dict.fromkeys([kind, *(kinds(field.shape) if field else [])]))
    key = form.key((*path, "kind"))

    def choose(chosen: str) -> None:
        if field is not None and chosen != kind:
            form.draft.set((*path, "range"), range_of_kind(field, chosen))
            form.draft.generation += 1

    st.selectbox(
        "Range",
        options,
        format_func=_KIND_WORDS.__getitem__,
        key=key,
        on_change=form.on_edit((*path, "range"), key, kind, choose),
        disabled=len(options) < 2,
    )


def _choice(form: Form, path: Path, field: Varying | None) -> None:
    here: Path = (*path, "values")
    values = form.draft.get(here)
    key = form.key(here)
    label, about = "Values", ChoiceRange.model_fields["values"].description
    if field is not None and isinstance(field.shape, Choice):
        st.multiselect(
            label,
            list(dict.fromkeys([*field.shape.values, *values])),
            default=values,
            format_func=lambda each: spoken(str(each)),
            key=key,
            on_change=form.on_edit(
                here, key, values, lambda chosen: form.draft.set(here, list(chosen))
            ),
        )
    else:
        shown = ", ".join(str(value) for value in values)
        st.text_input(
            label,
            shown,
            help=f"{about} Separated by commas, for instance 0.1, 0.2, 0.4",
            key=key,
            on_change=form.on_edit(
                here, key, shown, lambda text: form.draft.set(here, read_values(text))
            ),
        )
    form.show_errors(here, below=True)


def read_values(text: str) -> list[int | float | str]:
    """``1, 2.5, adam`` as ``[1, 2.5, 'adam']``."""
    return [_value(part.strip()) for part in text.split(",") if part.strip()]


def _value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _only_when(form: Form, path: Path, raw: Mapping[str, Any]) -> None:
    """Inputs for the condition on another hyperparameter, one above it that has listed values."""
    index = int(path[-1])
    above = {
        each["name"]: _listed(each["range"])
        for each in form.draft.get(("parameters",))[:index]
        if _listed(each["range"])
    }
    condition = raw.get("only_when")
    if not above and condition is None:
        return
    key = form.key((*path, "only_when"))

    def choose(chosen: str | None) -> None:
        values = above.get(chosen or "", [])
        wanted = {"parameter": chosen, "values": values[-1:]} if chosen else None
        form.draft.set((*path, "only_when"), wanted)
        form.draft.generation += 1

    now = condition["parameter"] if condition else None
    options = [None, *dict.fromkeys([*above, *([now] if now else [])])]
    with (
        st.expander("Conditional on", type="compact", expanded=bool(now)),
        st.container(horizontal=True, gap="small", vertical_alignment="bottom"),
    ):
        st.selectbox(
            "Hyperparameter",
            options,
            index=options.index(now),
            format_func=lambda each: each or "none",
            key=key,
            on_change=form.on_edit((*path, "only_when"), key, now, choose),
            width=200,
        )
        if condition:
            _is_one_of(form, (*path, "only_when", "values"), above.get(now, condition["values"]))
    form.show_errors((*path, "only_when"), below=True)


def _is_one_of(form: Form, path: Path, options: list[Any]) -> None:
    key, values = form.key(path), form.draft.get(path)
    st.multiselect(
        "Values",
        list(dict.fromkeys([*options, *values])),
        default=values,
        format_func=lambda each: {True: "on", False: "off"}.get(each, str(each)),
        key=key,
        on_change=form.on_edit(
            path, key, values, lambda chosen: form.draft.set(path, list(chosen))
        ),
    )


def _listed(span: Mapping[str, Any]) -> list[Any]:
    if span["kind"] == "boolean":
        return [False, True]
    if span["kind"] == "variants":
        return list(span["variants"])
    return list(span["values"]) if span["kind"] == "choice" else []
