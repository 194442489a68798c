"""Everything that would stop a search, found before anything is written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from core.client.checks import check
from core.errors import FieldError
from core.settings import Settings
from core.spec.search import Search, Values, apply_values, check_space, corners, covers
from core.text import quote

_MOST_CORNERS = 24
"""Experiments that are checked: some ten milliseconds each."""
_MOST_ERRORS = 5


def check_search(search: Search, settings: Settings, *, taken: Collection[str]) -> list[FieldError]:
    """Each field that stands in the way; empty when nothing does. ``taken``: names in use."""
    wrong = check_space(search)
    return [*name_errors(search, taken), *(wrong or trial_errors(search, settings))]


def name_errors(search: Search, taken: Collection[str]) -> list[FieldError]:
    """A name that is empty or in use."""
    name = search.name.strip()
    if not name:
        return [FieldError("name", "A search needs a name. Got an empty one.")]
    if name in taken:
        sentence = f"There is a search of the name {quote(name)} already. Expected another name."
        return [FieldError("name", sentence)]
    return []


def trial_errors(search: Search, settings: Settings) -> list[FieldError]:
    """What would stop the base or a trial at the edges of the space; the same error once."""
    errors = check(search.base, settings)
    if errors:
        return [replace(each, field=f"base.{each.field}") for each in errors]
    found: dict[tuple[str, str], FieldError] = {}
    for values in corners(search, _MOST_CORNERS):
        for each in _errors_with(search, values, settings):
            found.setdefault((each.field, each.message), each)
    return list(found.values())[:_MOST_ERRORS]


def _errors_with(search: Search, values: Values, settings: Settings) -> list[FieldError]:
    errors = check(apply_values(search, values), settings)
    shown = ", ".join(f"{name} = {value}" for name, value in values.items())
    return [
        replace(
            each,
            field=_parameter_field(search, each.field),
            message=f"With {shown}: {each.message}",
        )
        for each in errors
    ]


def _parameter_field(search: Search, path: str) -> str:
    """The parameter that sets a field, as its own field; the base's where none does."""
    for index, parameter in enumerate(search.parameters):
        if any(covers(each, path) for each in parameter.every_path):
            return f"parameters.{index}.range"
    return f"base.{path}"
