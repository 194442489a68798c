"""The fields of an experiment that a search may vary, and their first ranges. No Streamlit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.spec import Experiment
from core.spec.base import Spec
from dashboard.shared.field_names import spoken_path
from dashboard.shared.field_shapes import (
    Choice,
    Field,
    Flag,
    Group,
    Items,
    Number,
    Shape,
    Variant,
    fields,
)

_NOT_VARIED = frozenset({"name", "notes", "seeds"})
_NOT_SWITCHED_ON = frozenset({"model.backbone", "training.fine_tuning"})
"""Optional groups that cannot be switched on by setting one of their fields."""
_INDEX = re.compile(r"\.\d+(?=\.|$)")
_FINE_STEP = 0.001
"""A field with a step this small gets a logarithmic range."""
_SMALL = 0.05


@dataclass(frozen=True)
class Varying:
    """A field of an experiment, or one that several items of a list share."""

    paths: tuple[str, ...]
    title: str
    shape: Number | Flag | Choice
    value: Any
    """The base experiment's value; with several paths, that of the first."""
    step: float | None = None

    @property
    def name(self) -> str:
        """A short name for tables and charts: the end of its path."""
        parts = [part for part in self.paths[0].split(".") if not part.isdigit()]
        words = parts[-2:] if parts[-1] in ("kind", "dropout", "filters") else parts[-1:]
        words = words if len(self.paths) == 1 else parts[-1:]
        return "_".join(word.removesuffix("s") if word != parts[-1] else word for word in words)


def varying(base: Mapping[str, Any]) -> dict[str, Varying]:
    """The fields of an experiment's plain data that may vary, by ``key_of`` their paths.

    A field that several layers share is listed once per layer, and once for all of them.
    """
    single = list(_of_group(Experiment, base, ""))
    found = {each.paths[0]: each for each in single}
    alike: dict[str, list[Varying]] = {}
    for each in single:
        pattern = _INDEX.sub(".*", each.paths[0])
        if pattern != each.paths[0]:
            alike.setdefault(pattern, []).append(each)
    together = [_together(each) for each in alike.values() if len(each) > 1]
    return {key_of(each.paths): each for each in together} | found


def key_of(paths: tuple[str, ...] | list[str]) -> str:
    """Paths as one text."""
    return ", ".join(paths)


def parameter(field: Varying, name: str) -> dict[str, Any]:
    """A hyperparameter as plain data, with its first range."""
    return {
        "name": name,
        "paths": list(field.paths),
        "range": first_range(field),
        "only_when": None,
    }


def first_range(field: Varying) -> dict[str, Any]:
    """A range around the base's value, of a kind that fits the field's type and bounds."""
    shape = field.shape
    if isinstance(shape, Flag):
        return {"kind": "boolean"}
    if isinstance(shape, Choice):
        return {"kind": "choice", "values": list(shape.values)}
    return _integers(field, shape) if shape.integer else _reals(field, shape)


def kinds(shape: Number | Flag | Choice) -> list[str]:
    """The kinds of range for a field, the default first."""
    if isinstance(shape, Flag):
        return ["boolean"]
    if isinstance(shape, Choice):
        return ["choice"]
    return ["integer", "choice"] if shape.integer else ["real", "choice"]


def range_of_kind(field: Varying, kind: str) -> dict[str, Any]:
    """The first range of another kind; a list of numbers holds both ends and the middle."""
    default = first_range(field)
    if kind == default["kind"] or "minimum" not in default:
        return default
    low, high = default["minimum"], default["maximum"]
    between = (low * high) ** 0.5 if default["scale"] == "log" and low > 0 else (low + high) / 2
    middle = round(between) if isinstance(low, int) else float(f"{between:.2g}")
    return {"kind": "choice", "values": list(dict.fromkeys([low, middle, high]))}


def _integers(field: Varying, shape: Number) -> dict[str, Any]:
    value = int(field.value or 0)
    low: float
    high: float
    if value >= 8:
        # For filters, units and batch sizes, ratios matter more than differences.
        low, high, step, scale = value // 2, value * 2, 2, "log"
    else:
        low, high, step, scale = max(0, value - 2), value + 3, 1, "linear"
    low, high = _within(low, high, shape)
    return {
        "kind": "integer",
        "minimum": int(low),
        "maximum": int(high),
        "step": step,
        "scale": scale,
    }


def _reals(field: Varying, shape: Number) -> dict[str, Any]:
    value = float(field.value or 0.0)
    fine = field.step is not None and field.step <= _FINE_STEP
    if fine or 0 < value < _SMALL:
        centre = value or 1e-4
        low, high = _within(float(f"{centre / 10:.2g}"), float(f"{centre * 10:.2g}"), shape)
        return {"kind": "real", "minimum": low, "maximum": high, "step": None, "scale": "log"}
    top = 0.5 if shape.high is not None and shape.high <= 1 else max(1.0, 2 * value)
    low, high = _within(0.0, max(top, value), shape)
    step = 0.1 if high <= 1 else None
    return {"kind": "real", "minimum": low, "maximum": high, "step": step, "scale": "linear"}


def _within(low: float, high: float, shape: Number) -> tuple[float, float]:
    if shape.low is not None:
        low = max(low, shape.low)
    if shape.high is not None:
        high = min(high, shape.high)
    if shape.low_open and low == shape.low:
        low = high / 10
    if shape.high_open and high == shape.high:
        high = low + 0.9 * (high - low)
    return low, high


def _of_group(spec: type[Spec], raw: Mapping[str, Any], path: str) -> Iterator[Varying]:
    for each in fields(spec):
        if path or each.name not in _NOT_VARIED:
            place = f"{path}.{each.name}" if path else each.name
            yield from _of_field(each, each.shape, raw.get(each.name), place)


def _of_field(field: Field, shape: Shape, value: Any, path: str) -> Iterator[Varying]:
    if isinstance(shape, Number | Flag | Choice):
        yield Varying((path,), spoken_path(path), shape, value, field.step)
    elif isinstance(shape, Group) and (value is not None or path not in _NOT_SWITCHED_ON):
        # Setting a field of an optional group switches the group on.
        yield from _of_group(shape.spec, value or _defaults(shape.spec), path)
    elif isinstance(shape, Variant) and isinstance(value, Mapping):
        kind = f"{path}.kind"
        yield Varying((kind,), spoken_path(kind), Choice(tuple(shape.specs)), value["kind"])
        yield from _of_group(shape.specs[value["kind"]], value, path)
    elif isinstance(shape, Items) and isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                yield from _of_field(field, shape.item, item, f"{path}.{index}")


def _defaults(spec: type[Spec]) -> dict[str, Any]:
    defaults: dict[str, Any] = spec().model_dump(mode="json")
    return defaults


def _together(alike: list[Varying]) -> Varying:
    first = alike[0]
    last = first.title.split(", ")[-1]
    item = re.sub(r" \d+$", "", first.title.split(", ")[-2]).lower()
    return Varying(
        tuple(path for each in alike for path in each.paths),
        f"{last} of every {item} ({len(alike)})",
        first.shape,
        first.value,
        first.step,
    )
