"""Plain data to specs, and pydantic's errors as our fields and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.errors import FieldCode, FieldError, InvalidExperiment
from core.text import printable, quote, shorten

NO_SUCH_FIELD = "There is no such field."
_MOST_PARTS = 64
_MOST_MESSAGE = 1000

_WORDS = {
    "too_short": "Expected at least {min_length}",
    "too_long": "Expected at most {max_length}",
    "string_too_short": "Expected at least {min_length} characters",
    "string_too_long": "Expected at most {max_length} characters",
    "int_parsing": "Expected a whole number",
    "int_type": "Expected a whole number",
    "int_from_float": "Expected a whole number",
    "float_parsing": "Expected a number",
    "float_type": "Expected a number",
    "finite_number": "Expected a finite number",
    "string_type": "Expected text",
    "string_unicode": "Expected valid UTF-8",
    "bool_type": "Expected true or false",
    "bool_parsing": "Expected true or false",
    "literal_error": "Expected {expected}",
    "enum": "Expected {expected}",
    "list_type": "Expected a list",
    "tuple_type": "Expected a list",
    "dict_type": "Expected a table of fields",
    "model_type": "Expected a table of fields",
    "model_attributes_type": "Expected a table of fields",
}
"""Our words for errors whose messages name Python's types."""


S = TypeVar("S", bound=BaseModel)


def validated(kind: type[S], raw: Mapping[str, Any], below: str = "") -> S:
    """Plain data as a spec of that kind; ``below`` is the field that all of it belongs to.

    Raises InvalidExperiment with one FieldError for each wrong field.
    """
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        found = field_errors(raw, error.errors())
        raise InvalidExperiment([_placed(each, below) for each in found]) from error


def field_errors(raw: Mapping[str, Any], details: list[ErrorDetails]) -> list[FieldError]:
    """Pydantic's errors in plain data as our fields and sentences."""
    # Pydantic reports a list with a wrong item as too short, too: that error is left out.
    places = [tuple(detail["loc"]) for detail in details]
    return [
        _shortened(_field_error(raw, detail))
        for detail, place in zip(details, places, strict=True)
        if detail["type"] != "too_short"
        or not any(len(other) > len(place) and other[: len(place)] == place for other in places)
    ]


def _placed(error: FieldError, below: str) -> FieldError:
    field = ".".join(part for part in (below, error.field) if part)
    return replace(error, field=field)


def _shortened(error: FieldError) -> FieldError:
    """The same error with a field and a sentence of limited length."""
    field = ".".join(printable(shorten(part)) for part in error.field.split(".")[:_MOST_PARTS])
    return replace(error, field=field, message=shorten(error.message, _MOST_MESSAGE))


def _field_error(raw: Mapping[str, Any], detail: ErrorDetails) -> FieldError:
    path = _path_without_tags(raw, detail["loc"])
    # A rule about several fields names the one to change.
    named = detail.get("ctx", {}).get("field")
    if named:
        return FieldError(".".join([*path, named]), detail["msg"] + ".")
    if detail["type"] == "union_tag_invalid":
        expected = detail["ctx"]["expected_tags"].replace("'", "")
        return FieldError(
            ".".join([*path, "kind"]),
            f"Expected one of {expected}. Got {quote(detail['ctx']['tag'])}.",
        )
    if detail["type"] == "union_tag_not_found":
        return FieldError(".".join([*path, "kind"]), "This field is required.")
    if detail["type"] == "extra_forbidden":
        return FieldError(".".join(path), NO_SUCH_FIELD, FieldCode.NO_SUCH_FIELD)
    if detail["type"] == "missing":
        return FieldError(".".join(path), "This field is required.")
    if detail["type"] == "text":
        return FieldError(".".join(path), detail["msg"] + ".")
    words = _WORDS.get(detail["type"])
    sentence = detail["msg"] if words is None else words.format_map(detail.get("ctx", {}))
    if detail["input"] is None:
        return FieldError(".".join(path), f"{sentence}. It is empty.")
    return FieldError(".".join(path), f"{sentence}. Got {quote(detail['input'])}.")


def _path_without_tags(raw: Any, location: tuple[int | str, ...]) -> list[str]:
    """Drop the union tags (``normal``, ``adam``) that pydantic puts into an error's path."""
    path: list[str] = []
    node, is_new = raw, True
    for part in location:
        # The tag comes first; a field of the same name comes after it.
        if is_new and isinstance(node, Mapping) and node.get("kind") == part:
            is_new = False
            continue
        path.append(str(part))
        node, is_new = _child(node, part), True
    return path


def _child(node: Any, part: int | str) -> Any:
    if isinstance(node, Mapping):
        return node.get(part)
    if isinstance(node, list | tuple) and isinstance(part, int) and part < len(node):
        return node[part]
    return None
