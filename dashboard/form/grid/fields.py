"""Which fields of a half-filled experiment can be varied. Nothing of Streamlit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.spec import Experiment
from core.spec.base import Spec
from core.spec.grid import typed
from dashboard.form.sections import FIRST
from dashboard.shared.field_names import spoken_path
from dashboard.shared.field_shapes import Choice, Flag, Group, Items, Number, Shape, Variant, fields

_NOT_VARIED = frozenset({"name", "notes", "seeds"})
"""Names tell runs apart; seeds make runs of their own."""


@dataclass(frozen=True)
class Varied:
    """A field that takes a list."""

    path: str
    title: str
    expected: str
    """Bounds or choices in words; empty where there are none."""
    now: str
    """Its value, where the list begins."""


def can_vary(raw: Mapping[str, Any]) -> dict[str, Varied]:
    """Every field with one value, by its path: what the form shows first, then in its order."""
    found = {each.path: each for each in _in(Experiment, raw, "")}
    first = [path for rows in FIRST.values() for row in rows for path in row]
    return {path: found[path] for path in [*first, *found] if path in found}


def _in(spec: type[Spec], raw: Mapping[str, Any], before: str) -> Iterator[Varied]:
    for field in fields(spec):
        path = f"{before}{field.name}"
        if path not in _NOT_VARIED and field.name in raw:
            yield from _at(field.shape, raw[field.name], path)


def _at(shape: Shape, value: Any, path: str) -> Iterator[Varied]:
    if isinstance(shape, Group) and isinstance(value, Mapping):
        yield from _in(shape.spec, value, f"{path}.")
    elif isinstance(shape, Variant) and isinstance(value, Mapping):
        kind = str(value.get("kind"))
        yield _varied(f"{path}.kind", ", ".join(shape.specs), kind)
        if kind in shape.specs:
            yield from _in(shape.specs[kind], value, f"{path}.")
    elif isinstance(shape, Items) and isinstance(shape.item, Group | Variant):
        for index, item in enumerate(value):
            yield from _at(shape.item, item, f"{path}.{index}")
    else:
        expected = _expected(shape, path)
        if expected is not None:
            yield _varied(path, expected, value)


def _expected(shape: Shape, path: str) -> str | None:
    """What a list of the field's values may hold, in words; None where it takes no list."""
    if isinstance(shape, Number):
        return shape.range
    if isinstance(shape, Choice):
        return ", ".join(shape.values)
    if isinstance(shape, Flag):
        return "true, false"
    return "" if path == "data.dataset" else None


def _varied(path: str, expected: str, value: Any) -> Varied:
    return Varied(path, spoken_path(path), expected, "" if value is None else typed(value))
