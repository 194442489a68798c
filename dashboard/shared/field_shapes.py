"""The shapes of a spec's fields, read from pydantic, for the forms. Without Streamlit."""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types as limits
from pydantic.fields import FieldInfo

from core.spec.base import Spec


@dataclass(frozen=True)
class Flag:
    """True or false."""


@dataclass(frozen=True)
class Number:
    """A number with bounds; an open bound is excluded."""

    integer: bool
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    @property
    def range(self) -> str:
        """The bounds in words: ``1 to 4,096``, ``Above 0, at most 10``; empty without any."""
        if self.low is None or self.high is None:
            return ""
        if not self.low_open and not self.high_open:
            return f"{_plain(self.low)} to {_plain(self.high)}"
        low = f"{'Above' if self.low_open else 'At least'} {_plain(self.low)}"
        return f"{low}, {'below' if self.high_open else 'at most'} {_plain(self.high)}"


@dataclass(frozen=True)
class Text:
    """A line of text, or several when it may be long."""

    max_length: int | None = None

    @property
    def long(self) -> bool:
        """Whether it needs several lines."""
        return self.max_length is not None and self.max_length > 500


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Fields that belong together."""

    spec: type[Spec]


@dataclass(frozen=True)
class Variant:
    """One of several groups, distinguished by ``kind``."""

    specs: Mapping[str, type[Spec]]

    def __hash__(self) -> int:
        return hash(tuple(self.specs))


@dataclass(frozen=True)
class Items:
    """A list."""

    item: Shape
    min_length: int = 0
    max_length: int | None = None


@dataclass(frozen=True)
class Fixed:
    """A field with one possible value, which needs no widget."""


Shape = Flag | Number | Text | Choice | Group | Variant | Items | Fixed


@dataclass(frozen=True)
class Field:
    """One field of a spec, with everything a widget needs."""

    name: str
    title: str
    help: str
    shape: Shape
    optional: bool
    """Whether it may be empty (None)."""
    advanced: bool
    unit: str
    step: float | None


@cache
def fields(spec: type[Spec]) -> tuple[Field, ...]:
    """The fields of a spec in order, without hidden ones and those with one possible value."""
    shown = {name: info for name, info in spec.model_fields.items() if not _is_hidden(info)}
    read = (_field(name, info) for name, info in shown.items())
    return tuple(field for field in read if not isinstance(field.shape, Fixed))


def field(spec: type[Spec], path: str) -> Field:
    """The field at a dotted path of groups, for instance ``training.epochs``."""
    *parents, last = path.split(".")
    for name in parents:
        info = spec.model_fields[name]
        shape = _shape(_without_none(info.annotation)[0], info)
        if not isinstance(shape, Group):
            raise KeyError(path)
        spec = shape.spec
    return _field(last, spec.model_fields[last])


def first_sentence(spec: type[Spec]) -> str:
    """The first paragraph of a spec's docstring, on one line."""
    return " ".join((inspect.getdoc(spec) or "").split("\n\n")[0].split())


def _field(name: str, info: FieldInfo) -> Field:
    annotation, optional = _without_none(info.annotation)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    step = extra.get("step")
    return Field(
        name=name,
        title=info.title or name.replace("_", " ").capitalize(),
        help=info.description or "",
        shape=_shape(annotation, info),
        optional=optional,
        advanced=bool(extra.get("advanced", False)),
        unit=str(extra.get("unit", "")),
        step=float(step) if isinstance(step, int | float) else None,
    )


def _is_hidden(info: FieldInfo) -> bool:
    extra = info.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("hidden", False))


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    members = [member for member in get_args(annotation) if member is not type(None)]
    optional = len(members) < len(get_args(annotation))
    return (members[0] if len(members) == 1 else annotation), optional


def _shape(annotation: Any, info: FieldInfo | None) -> Shape:
    metadata = info.metadata if info else []
    if get_origin(annotation) is Annotated:
        annotation, *notes = get_args(annotation)
        metadata = [*metadata, *(m for n in notes for m in getattr(n, "metadata", [n]))]
    origin = get_origin(annotation)
    if origin is tuple:
        low, high = _lengths(metadata)
        return Items(_shape(get_args(annotation)[0], None), low or 0, high)
    if origin in (Union, types.UnionType):
        return Variant({_kind(spec): spec for spec in get_args(annotation)})
    if origin is Literal:
        return Fixed() if len(get_args(annotation)) == 1 else Choice(get_args(annotation))
    return _plain_shape(annotation, metadata)


def _plain_shape(annotation: type, metadata: list[Any]) -> Shape:
    if issubclass(annotation, Spec):
        return Group(annotation)
    if issubclass(annotation, StrEnum):
        return Choice(tuple(member.value for member in annotation))
    if issubclass(annotation, bool):
        return Flag()
    if issubclass(annotation, int | float):
        return _number(issubclass(annotation, int), metadata)
    if issubclass(annotation, str):
        return Text(_lengths(metadata)[1])
    raise TypeError(f"The form cannot draw a field of type {annotation!r}: see field_shapes.py.")


def _number(integer: bool, metadata: list[Any]) -> Number:
    bounds: dict[str, Any] = {}
    for note in metadata:
        for limit, name, bound in _LIMITS:
            if isinstance(note, limit):
                bounds |= {name: getattr(note, bound), f"{name}_open": bound in ("gt", "lt")}
    return Number(integer, **bounds)


_LIMITS = (
    (limits.Ge, "low", "ge"),
    (limits.Gt, "low", "gt"),
    (limits.Le, "high", "le"),
    (limits.Lt, "high", "lt"),
)


def _lengths(metadata: list[Any]) -> tuple[int | None, int | None]:
    low = next((note.min_length for note in metadata if isinstance(note, limits.MinLen)), None)
    high = next((note.max_length for note in metadata if isinstance(note, limits.MaxLen)), None)
    return low, high


def _kind(spec: type[Spec]) -> str:
    return str(spec.model_fields["kind"].default)


def _plain(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else f"{value:g}"
