"""Lists of values filled in so far, the grid that they make, and the fields that can have one.

No Streamlit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import FieldError, InvalidExperiment
from core.spec import Experiment
from core.spec.base import Spec
from core.spec.grid import Axis, Grid, axis_from_text, grid_of, typed
from dashboard.form.sections import FIRST
from dashboard.shared.field_names import spoken_path
from dashboard.shared.field_shapes import Choice, Flag, Group, Items, Number, Shape, Variant, fields

_NOT_VARIED = frozenset({"name", "notes", "seeds"})
"""Names identify runs, and seeds make runs of their own already."""


@dataclass(frozen=True)
class VariableField:
    """A field that can have a list of values."""

    path: str
    title: str
    expected: str
    """Bounds or choices in words; empty where there are none."""
    now: str
    """Its present value, as text."""


def variable_fields(raw: Mapping[str, Any]) -> dict[str, VariableField]:
    """The fields that can be varied, by path: the form's first rows, then the others in order."""
    found = {each.path: each for each in _in(Experiment, raw, "")}
    first = [path for rows in FIRST.values() for row in rows for path in row]
    return {path: found[path] for path in [*first, *found] if path in found}


def _in(spec: type[Spec], raw: Mapping[str, Any], before: str) -> Iterator[VariableField]:
    for field in fields(spec):
        path = f"{before}{field.name}"
        if path not in _NOT_VARIED and field.name in raw:
            yield from _at(field.shape, raw[field.name], path)


def _at(shape: Shape, value: Any, path: str) -> Iterator[VariableField]:
    if isinstance(shape, Group) and isinstance(value, Mapping):
        yield from _in(shape.spec, value, f"{path}.")
    elif isinstance(shape, Variant) and isinstance(value, Mapping):
        kind = str(value.get("kind"))
        yield _variable(f"{path}.kind", ", ".join(shape.specs), kind)
        if kind in shape.specs:
            yield from _in(shape.specs[kind], value, f"{path}.")
    elif isinstance(shape, Items) and isinstance(shape.item, Group | Variant):
        for index, item in enumerate(value):
            yield from _at(shape.item, item, f"{path}.{index}")
    else:
        expected = _expected(shape, path)
        if expected is not None:
            yield _variable(path, expected, value)


def _expected(shape: Shape, path: str) -> str | None:
    """Allowed values in words; None for a field that cannot be varied."""
    if isinstance(shape, Number):
        return shape.range
    if isinstance(shape, Choice):
        return ", ".join(shape.values)
    if isinstance(shape, Flag):
        return "true, false"
    return "" if path == "data.dataset" else None


def _variable(path: str, expected: str, value: Any) -> VariableField:
    return VariableField(path, spoken_path(path), expected, "" if value is None else typed(value))


@dataclass
class GridDraft:
    """What was typed as the values of each field, right or wrong."""

    origin: str = ""
    """The start of the experiment's draft that the lists belong to; another start clears them."""
    texts: dict[str, str] = dataclasses.field(default_factory=dict)
    """Values by field path; a key of several paths with commas gives all of them the same value."""
    generation: int = 0
    """Grows when lists are added or removed: their widgets must then be drawn again."""

    def clear_if_moved(self, origin: str) -> None:
        """Clear the lists when the experiment's draft has another start."""
        if self.origin != origin:
            self.origin = origin
            self.texts.clear()
            self.generation += 1

    def fill_from(self, grid: Grid, origin: str) -> None:
        """Replace the lists by those of a grid."""
        self.origin = origin
        self.texts.clear()
        self.generation += 1
        for axis in grid.axes:
            self.texts[axis.key] = ", ".join(typed(value) for value in axis.values)

    def add(self, path: str, now: str) -> None:
        """Vary one more field; its list begins with its present value."""
        self.texts.setdefault(path, f"{now}, " if now else "")
        self.generation += 1

    def remove(self, key: str) -> None:
        """Stop varying a field."""
        self.texts.pop(key, None)
        self.generation += 1

    def grid(self) -> tuple[Grid, list[FieldError]]:
        """The grid of the valid lists, and the errors of the others."""
        axes: list[Axis] = []
        errors: list[FieldError] = []
        for key, text in self.texts.items():
            try:
                axes.append(axis_from_text(f"{key}={text}"))
            except InvalidExperiment as error:
                errors += error.errors
        try:
            return grid_of(axes), errors
        except InvalidExperiment as error:
            return Grid(), errors + error.errors
