"""Check a search space before the search starts: are all its experiments valid?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core.errors import FieldCode, FieldError, InvalidExperiment
from core.spec.search.ranges import Values
from core.spec.search.spec import Parameter, Search
from core.spec.search.values import apply_values, corners, num_combinations


def check_space(search: Search) -> list[FieldError]:
    """Each wrong field; empty when the experiment at every corner of the space is valid.

    A small space is checked in full. A value that a field cannot have is an error at the
    parameter's range, an unknown field is one at its path, and other errors are at ``base``,
    with the values that cause them.
    """
    if num_combinations(search) == 1:
        return [
            FieldError(
                "parameters",
                "There is only one combination. Expected a range of at least two values.",
            )
        ]
    errors = [error for values in corners(search) for error in _errors(search, values)]
    return list({error.field: error for error in reversed(errors)}.values())[::-1]


def _errors(search: Search, values: Values) -> Iterator[FieldError]:
    try:
        apply_values(search, values)
    except InvalidExperiment as error:
        yield from (_placed(search, values, each) for each in error.errors)


def _placed(search: Search, values: Values, error: FieldError) -> FieldError:
    for index, parameter in enumerate(search.parameters):
        if parameter.name not in values:
            continue
        for place, path in enumerate(_set_by(parameter, values)):
            if covers(path, error.field):
                return replace(error, field=_field(parameter, index, place, error))
    shown = ", ".join(f"{name} = {value}" for name, value in values.items())
    return replace(error, field=f"base.{error.field}", message=f"With {shown}: {error.message}")


def covers(path: str, field: str) -> bool:
    """Whether a field is at the path or below it; ``*`` is any index."""
    own, other = path.split("."), field.split(".")
    return len(own) <= len(other) and all(
        part in ("*", there) or there == "*" for part, there in zip(own, other, strict=False)
    )


def _set_by(parameter: Parameter, values: Values) -> tuple[str, ...]:
    if parameter.range.kind == "variants":
        return tuple(parameter.range.variants[str(values[parameter.name])])
    return parameter.paths


def _field(parameter: Parameter, index: int, place: int, error: FieldError) -> str:
    if parameter.range.kind == "variants":
        return f"parameters.{index}.range.variants"
    if error.code is FieldCode.NO_SUCH_FIELD:
        return f"parameters.{index}.paths.{place}"
    return f"parameters.{index}.range"
