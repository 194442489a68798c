"""Lists of groups: items can be added, duplicated, moved and removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dashboard.form.draft import Path
from dashboard.form.form import Form
from dashboard.shared.field_names import spoken
from dashboard.shared.field_shapes import Field, Group, Items, Variant
from dashboard.shared.text import inert


def items(
    form: Form, path: Path, field: Field, shape: Items, draw_item: Callable[[Path], None]
) -> None:
    """One box per item, and a button that adds one. ``draw_item`` draws an item's fields."""
    values = form.draft.get(path)
    noun = _singular(field.title)
    st.markdown(f"**{field.title}**", help=field.help or None)
    form.show_errors(path)
    for index, value in enumerate(values):
        with st.container(border=True, gap="xsmall"):
            _head(form, (*path, index), f"{noun} {index + 1}", inert(summary(value)), shape)
            draw_item((*path, index))
    st.button(
        f"Add {noun.lower()}",
        icon=":material/add:",
        key=form.key((*path, "add")),
        on_click=form.draft.add,
        args=(path, _new(shape)),
        disabled=shape.max_length is not None and len(values) >= shape.max_length,
    )


def _head(form: Form, path: Path, title: str, summary: str, shape: Items) -> None:
    where, index = path[:-1], int(path[-1])
    count = len(form.draft.get(where))
    full = shape.max_length is not None and count >= shape.max_length
    actions: list[tuple[str, str, Callable[[], None], bool]] = [
        ("up", "arrow_upward", lambda: form.draft.move(where, index, -1), index == 0),
        ("down", "arrow_downward", lambda: form.draft.move(where, index, 1), index == count - 1),
        ("duplicate", "content_copy", lambda: form.draft.duplicate(where, index), full),
        ("remove", "delete", lambda: form.draft.remove(where, index), count <= shape.min_length),
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        with st.container(width="stretch"):
            st.markdown(f"**{title}** · :small[{summary}]" if summary else f"**{title}**")
        for name, icon, act, disabled in actions:
            st.button(
                "",
                icon=f":material/{icon}:",
                key=form.key((*path, name)),
                help=f"{_VERBS[name]} {title.lower()}",
                type="tertiary",
                on_click=form.if_current(act),
                disabled=disabled,
            )


_VERBS = {
    "up": "Move up:",
    "down": "Move down:",
    "duplicate": "Duplicate",
    "remove": "Remove",
}


def _new(shape: Items) -> dict[str, Any]:
    if isinstance(shape.item, Variant):
        return next(iter(shape.item.specs.values()))().model_dump(mode="json")
    if isinstance(shape.item, Group):
        return shape.item.spec().model_dump(mode="json")
    raise TypeError(f"The form cannot add an item of shape {shape.item!r}.")


def _singular(title: str) -> str:
    """``Stages`` as ``Stage``, ``Dense layers`` as ``Dense layer``."""
    return title.removesuffix("s")


def summary(value: Mapping[str, Any]) -> str:
    """A stage in a few words: ``2 x normal 32, max pooling``. Empty for other items."""
    if "convolutions" not in value:
        return ""
    pooling = spoken(value.get("pooling") or "none")
    parts = [convolution(each) for each in value["convolutions"]]
    return ", ".join([*parts, f"{pooling} pooling" if pooling != "none" else "no pooling"])


def convolution(value: Mapping[str, Any]) -> str:
    """A convolution in a few words: ``2 x normal 32``."""
    repeats = value.get("repeats") or 1
    words = [f"{repeats} x" if repeats != 1 else "", spoken(value["kind"])]
    filters = value.get("filters")
    return " ".join([*filter(None, words), *([str(filters)] if filters is not None else [])])
