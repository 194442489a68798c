"""Fields in rows, groups, choices of kind, and groups that can be switched on.

This module draws any field; `lists` and `backbone` get what draws their parts passed in, so that
neither imports this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import streamlit as st

from core.spec.base import Spec
from dashboard.form import backbone, lists, scalars
from dashboard.form.draft import Path, dotted
from dashboard.form.form import Form
from dashboard.shared.field_names import spoken_kind
from dashboard.shared.field_shapes import (
    Field,
    Group,
    Items,
    Shape,
    Variant,
    fields,
    first_sentence,
)


def spec(form: Form, path: Path, spec: type[Spec], first: Callable[[], None] | None = None) -> None:
    """All fields of a spec, except those that have a place elsewhere in the form.

    ``first`` draws one more cell before the plain fields.
    """
    mine = [each for each in fields(spec) if dotted((*path, each.name)) not in form.claimed]
    rows(form, path, [each for each in mine if not each.advanced], first)
    advanced = [each for each in mine if each.advanced]
    if not advanced:
        return
    wrong = sum(form.num_errors((*path, each.name)) for each in advanced)
    with st.expander(_with_errors("More", wrong), type="compact", expanded=bool(wrong)):
        rows(form, path, advanced)


def rows(
    form: Form, path: Path, shown: Iterable[Field], first: Callable[[], None] | None = None
) -> None:
    """Plain fields in rows, then the larger ones below, in their order."""
    shown = list(shown)
    plain = [each for each in shown if scalars.is_plain(each)]
    if plain or first:
        scalars.cells(form, [((*path, each.name), each) for each in plain], first)
    for each in shown:
        if each not in plain:
            field(form, (*path, each.name), each)


def field(form: Form, path: Path, field: Field) -> None:
    """Any field, drawn according to its shape."""
    shape = field.shape
    if scalars.is_plain(field):
        scalars.cells(form, [(path, field)])
    elif isinstance(shape, Variant):
        variant(form, path, field.title, shape.specs, help=field.help)
    elif path == backbone.PATH:
        backbone.draw(form, path, field, lambda shown: rows(form, path, shown))
    elif isinstance(shape, Items) and not backbone.replaces(form, path):
        lists.items(form, path, field, shape, lambda where: _item(form, where, shape.item))
    elif isinstance(shape, Group) and field.optional:
        _optional_group(form, path, field, shape.spec)
    elif isinstance(shape, Group):
        with st.container(gap="xsmall"):
            st.markdown(f"**{field.title}**", help=field.help or None)
            spec(form, path, shape.spec)
            form.show_errors(path)


def variant(
    form: Form,
    path: Path,
    title: str,
    specs: Mapping[str, type[Spec]],
    *,
    help: str = "",  # noqa: A002
) -> None:
    """A choice of kind, the fields of the chosen kind, and a sentence about it."""
    key = form.key((*path, "kind"))
    kind = form.draft.get((*path, "kind"))

    def choose(chosen: str) -> None:
        now = form.draft.get((*path, "kind"))
        shared = _names(specs[now]) & _names(specs[chosen]) if now in specs else frozenset()
        form.draft.choose_kind(path, specs[chosen]().model_dump(mode="json"), shared)

    def select() -> None:
        st.selectbox(
            title,
            list(specs),
            index=list(specs).index(kind) if kind in specs else None,
            format_func=spoken_kind,
            help=_kinds_help(help, specs),
            key=key,
            on_change=form.on_edit((*path, "kind"), key, kind if kind in specs else None, choose),
        )
        form.show_errors((*path, "kind"))

    with st.container(gap="xsmall"):
        if kind in specs:
            spec(form, path, specs[kind], select)
            # Errors of the whole choice are below all its fields: a cell is too narrow for them.
            form.show_errors(path)
            st.caption(first_sentence(specs[kind]))
        else:
            scalars.cells(form, [], select)
            form.show_errors(path)


def _item(form: Form, path: Path, shape: Shape) -> None:
    if isinstance(shape, Variant):
        variant(form, path, "Kind", shape.specs)
    elif isinstance(shape, Group):
        spec(form, path, shape.spec)
        form.show_errors(path)


def _optional_group(form: Form, path: Path, field: Field, inner: type[Spec]) -> None:
    key = form.key((*path, "on"))
    on = form.draft.get(path) is not None

    def switch(is_on: bool) -> None:
        form.draft.switch(path, is_on, inner().model_dump(mode="json"))

    with st.container(gap="xsmall"):
        st.toggle(
            field.title,
            on,
            key=key,
            on_change=form.on_edit(path, key, on, switch),
            help=field.help or None,
        )
        form.show_errors(path)
        if on:
            spec(form, path, inner)


def _names(spec: type[Spec]) -> frozenset[str]:
    return frozenset(each.name for each in fields(spec))


def _kinds_help(help: str, specs: Mapping[str, type[Spec]]) -> str:  # noqa: A002
    """A list that says what each kind is."""
    kinds = [f"- **{spoken_kind(kind)}**: {first_sentence(each)}" for kind, each in specs.items()]
    return "\n".join([help, "", *kinds] if help else kinds)


def _with_errors(label: str, num_errors: int) -> str:
    return f":red[:material/error:] {label}" if num_errors else label
