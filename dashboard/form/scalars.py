"""One widget per plain field. Each writes into the draft and shows its errors below itself.

Number inputs do not get the bounds: the browser would clamp or drop a number out of range without
a message, and here it gets an error.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from dashboard.form.draft import Path, dotted
from dashboard.form.form import Form
from dashboard.shared.field_names import spoken
from dashboard.shared.field_shapes import Choice, Field, Flag, Items, Number, Text
from dashboard.streamlit_workarounds import number_clear_button

_CELL_PX = 140
"""Two cells fit into a box within a box on a page of 400 px."""
_MOST_CELLS = 4
_MOST_SEGMENTS = 5


def cells(
    form: Form, shown: Sequence[tuple[Path, Field]], first: Callable[[], None] | None = None
) -> None:
    """Plain fields in cells of equal width that wrap on a narrow page.

    ``first`` draws one more cell before them; long texts get a whole row.
    """
    if first is None and len(shown) == 1 and isinstance(shown[0][1].shape, Choice):
        path, field = shown[0]
        _segments(form, path, field, shown[0][1].shape)
        form.show_errors(path)
        return
    long = [each for each in shown if isinstance(each[1].shape, Text) and each[1].shape.long]
    short = [each for each in shown if each not in long]
    with st.grid(
        _MOST_CELLS,
        min_column_width=_CELL_PX,
        gap=("xsmall", "small"),
        vertical_alignment=_alignment(form, [path for path, _ in short]),
    ):
        if first is not None:
            with st.container(gap="xxsmall"):
                first()
        for path, field in short:
            _cell(form, path, field)
    for path, field in long:
        _cell(form, path, field)


def _alignment(form: Form, paths: Sequence[Path]) -> Literal["top", "bottom"]:
    """Labels may have two lines: inputs are aligned at the bottom unless one has an error below."""
    return "top" if any(form.num_errors(path) for path in paths) else "bottom"


def _cell(form: Form, path: Path, field: Field) -> None:
    shape = field.shape
    needed = isinstance(shape, Number) and not field.optional
    key = form.key(path)
    with number_clear_button.hidden(key) if needed else st.container(gap="xxsmall"):
        _WIDGETS[type(shape)](form, path, field, shape)
        if isinstance(shape, Number) and needed and form.draft.get(path) is None:
            form.show_error(path, _expected(shape))
            return
        form.show_errors(path, below=isinstance(shape, Items))


def _expected(shape: Number) -> str:
    """The error of an emptied field: ``Expected a whole number, 1 to 4,096. ...``"""
    kind = "a whole number" if shape.integer else "a number"
    bounds = f", {shape.range[0].lower()}{shape.range[1:]}" if shape.range else ""
    return f"Expected {kind}{bounds}. The field is empty."


def is_plain(field: Field) -> bool:
    """Whether a field is one widget: a scalar, or a list of numbers in one line."""
    shape = field.shape
    if isinstance(shape, Items):
        return isinstance(shape.item, Number)
    return type(shape) in _WIDGETS


def _number(form: Form, path: Path, field: Field, shape: Number) -> None:
    kind = int if shape.integer else float
    value = _as(kind, form.draft.get(path))
    # Through the session: a cleared number input returns to its ``value``. An optional number could
    # then not be cleared, and any other would be launched with an old value.
    form.values.send(form.key(path), value)
    st.number_input(
        _label(field),
        value=None,
        step=kind(field.step or (1 if shape.integer else 0.01)),
        format="%d" if shape.integer else "%g",
        placeholder="—",
        help=_help(field, shape.range),
        **_binding(form, path, value),
    )


def _flag(form: Form, path: Path, field: Field, _shape: Flag) -> None:
    value = bool(form.draft.get(path))
    st.checkbox(_label(field), value, help=_help(field), **_binding(form, path, value))


def _text(form: Form, path: Path, field: Field, shape: Text) -> None:
    known = form.choices.get(dotted(path))
    if known:
        _select(form, path, field, known)
        return
    widget = st.text_area if shape.long else st.text_input
    value = str(form.draft.get(path))
    widget(_label(field), value, help=_help(field), **_binding(form, path, value))


def _choice(form: Form, path: Path, field: Field, shape: Choice) -> None:
    _select(form, path, field, {value: spoken(value) for value in shape.values})


def _segments(form: Form, path: Path, field: Field, shape: Choice) -> None:
    """A choice in a row of its own shows all its values at once."""
    labels = {value: spoken(value) for value in shape.values}
    if field.optional or len(labels) > _MOST_SEGMENTS:
        _choice(form, path, field, shape)
        return
    value = form.draft.get(path)
    st.segmented_control(
        _label(field),
        list(labels),
        default=value if value in labels else None,
        required=True,
        format_func=labels.__getitem__,
        help=_help(field),
        **_binding(form, path, value),
    )


def _select(form: Form, path: Path, field: Field, labels: Mapping[str, str]) -> None:
    value = form.draft.get(path)
    options: list[str | None] = [*labels]
    if field.optional:
        options.insert(0, None)
    if value not in options:
        # A data set that is not in the catalogue stays visible, with its error below it.
        options.append(value)
    st.selectbox(
        _label(field),
        options,
        index=options.index(value),
        format_func=lambda option: labels.get(option, "—" if option is None else str(option)),
        help=_help(field),
        **_binding(form, path, value),
    )


def _numbers(form: Form, path: Path, field: Field, _shape: Items) -> None:
    key = form.key(path)
    shown = ", ".join(str(value) for value in form.draft.get(path))
    st.text_input(
        _label(field),
        shown,
        help=_help(field, "Separated by commas, for instance 1, 2, 3"),
        key=key,
        on_change=form.on_edit(path, key, shown, lambda text: form.draft.set(path, numbers(text))),
    )


def numbers(text: str) -> list[Any]:
    """``1, 2, x`` as ``[1, 2, 'x']``: what is not a number is kept, so that it gets an error."""
    parts = [part for part in text.replace(",", " ").split() if part]
    return [int(part) if part.lstrip("-").isdecimal() else part for part in parts]


def _binding(form: Form, path: Path, shown: Any) -> dict[str, Any]:
    key = form.key(path)
    write = functools.partial(form.draft.set, path)
    return {"key": key, "on_change": form.on_edit(path, key, shown, write)}


def _as(kind: type, value: Any) -> Any:
    # A file may hold anything; a number input only takes its own type.
    return kind(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _label(field: Field) -> str:
    return f"{field.title} ({field.unit})" if field.unit else field.title


def _help(field: Field, more: str = "") -> str | None:
    text = field.help
    if isinstance(field.shape, Choice):
        # The help names the choices as their labels do.
        for value in field.shape.values:
            text = text.replace(f"{value}:", f"{spoken(value)}:")
    sentences = [text, f"{more}." if more else ""]
    return " ".join(part for part in sentences if part) or None


_WIDGETS: dict[type, Callable[[Form, Path, Field, Any], None]] = {
    Number: _number,
    Flag: _flag,
    Text: _text,
    Choice: _choice,
    Items: _numbers,
}
