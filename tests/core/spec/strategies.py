"""Any experiment that the spec allows, drawn from the bounds on its own fields."""

from __future__ import annotations

import types
import typing
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from core.errors import InvalidExperiment
from core.spec import Experiment, parse
from core.spec.base import Spec


def experiments() -> st.SearchStrategy[Experiment]:
    """Experiments that parse; rules over several fields throw some draws away."""
    return _raw(Experiment).map(_parsed).filter(lambda each: each is not None)


def _parsed(raw: dict[str, Any]) -> Experiment | None:
    try:
        return parse(raw)
    except InvalidExperiment:
        return None


def _raw(spec: type[Spec]) -> st.SearchStrategy[dict[str, Any]]:
    fields = {
        name: _of(field.annotation, field.metadata)
        for name, field in spec.model_fields.items()
        if name != "own"  # what such a network is, only its own code can tell
    }
    if "dataset" in fields:
        fields["dataset"] = st.from_regex(r"[a-z0-9_]{1,64}", fullmatch=True)
    required = {name: fields.pop(name) for name in ["kind"] if name in fields}
    return st.fixed_dictionaries(required, optional=fields)


def _of(annotation: Any, metadata: list[Any]) -> st.SearchStrategy[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extra = get_args(annotation)
        return _of(inner, [*metadata, *_bounds_in(extra)])
    if origin is Literal:
        return st.sampled_from(get_args(annotation))
    if origin in (Union, types.UnionType):
        return st.one_of([_of(each, metadata) for each in get_args(annotation)])
    if origin is tuple:
        return _list_of(get_args(annotation)[0], metadata)
    return _plain(annotation, metadata)


def _bounds_in(extra: list[Any]) -> list[Any]:
    return [bound for each in extra if isinstance(each, FieldInfo) for bound in each.metadata]


def _list_of(item: Any, metadata: list[Any]) -> st.SearchStrategy[list[Any]]:
    least = next((each.min_length for each in metadata if isinstance(each, MinLen)), 0)
    return st.lists(_of(item, []), min_size=least, max_size=least + 2)


def _plain(annotation: Any, metadata: list[Any]) -> st.SearchStrategy[Any]:
    if annotation is type(None):
        return st.none()
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        return st.integers(_bound(metadata, Ge, "ge"), _bound(metadata, Le, "le"))
    if annotation is float:
        return _floats(metadata)
    if annotation is str:
        longest = next((each.max_length for each in metadata if isinstance(each, MaxLen)), 40)
        letters = st.characters(codec="utf-8")
        return st.text(letters, max_size=min(longest, 40))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return st.sampled_from([each.value for each in annotation])
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return _raw(annotation)
    raise TypeError(f"No strategy for {annotation!r}. Teach it here.")


def _floats(metadata: list[Any]) -> st.SearchStrategy[float]:
    above, below = _bound(metadata, Gt, "gt"), _bound(metadata, Lt, "lt")
    least, most = _bound(metadata, Ge, "ge"), _bound(metadata, Le, "le")
    return st.floats(
        min_value=above if least is None else least,
        max_value=below if most is None else most,
        exclude_min=above is not None,
        exclude_max=below is not None,
    )


def _bound(metadata: list[Any], kind: type, name: str) -> typing.Any:
    return next((getattr(each, name) for each in metadata if isinstance(each, kind)), None)
