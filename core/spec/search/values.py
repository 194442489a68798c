"""Combinations of values: their experiments, their keys, and how many there are."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core.errors import FieldError, InvalidExperiment
from core.spec.experiment import Experiment
from core.spec.overrides import assign
from core.spec.search.ranges import Values, Variants
from core.spec.search.spec import Parameter, Search
from core.text import quote


def apply_values(
    search: Search, values: Mapping[str, Any], *, epochs: int | None = None
) -> Experiment:
    """The experiment of a trial: the base with the values, and the search's seeds and epochs.

    ``values`` are by parameter name; parameters that are not in force are absent and do not change
    the base. ``epochs`` replaces the budget's, which may change while the search runs. Raises
    InvalidExperiment: at ``values.NAME`` if there is no such parameter, otherwise at the
    experiment's fields.
    """
    unknown = values.keys() - {each.name for each in search.parameters}
    if unknown:
        raise InvalidExperiment(
            [
                FieldError(f"values.{name}", "There is no such parameter.")
                for name in sorted(unknown)
            ]
        )
    changes = [
        change
        for parameter in search.parameters
        if parameter.name in values
        for change in _changes(parameter, values[parameter.name])
    ]
    changes.append(("seeds", list(search.seeds)))
    if search.early_stopping is not None:
        stopping = search.early_stopping.model_dump(mode="json")
        changes.append(("training.early_stopping", stopping))
    epochs = epochs or search.budget.epochs
    if epochs is not None:
        changes.append(("training.epochs", epochs))
    return assign(search.base, changes)


def check_values(search: Search, values: Mapping[str, Any]) -> list[FieldError]:
    """Errors in values that a person entered, at ``values.NAME``; empty if there are none."""
    errors = []
    for name in values.keys() - {each.name for each in search.parameters}:
        errors.append(FieldError(f"values.{name}", "There is no such parameter."))
    for parameter in search.parameters:
        field = f"values.{parameter.name}"
        if not in_force(parameter, values):
            if parameter.name in values:
                errors.append(
                    FieldError(
                        field, "It has no effect with these values of the others. Expected none."
                    )
                )
        elif parameter.name not in values:
            errors.append(FieldError(field, "This parameter is required."))
        elif isinstance(parameter.range, Variants) and not parameter.range.holds(
            values[parameter.name]
        ):
            known = ", ".join(parameter.range.variants)
            errors.append(FieldError(field, f"Expected one of {known}."))
    return errors


def values_key(values: Mapping[str, Any]) -> str:
    """A text that is the same for equal combinations only."""
    numbers = {name: _comparable(value) for name, value in values.items()}
    return json.dumps(numbers, sort_keys=True, separators=(",", ":"))


def in_force(parameter: Parameter, values: Mapping[str, Any]) -> bool:
    """Whether the parameter has an effect with these values of the others."""
    condition = parameter.only_when
    if condition is None:
        return True
    return _is_among(values.get(condition.parameter), condition.values)


def num_combinations(search: Search) -> int | None:
    """Number of different combinations; None if it has no limit.

    Parameters that are not in force do not count: with dropout off, its rate makes no difference.
    """
    if any(each.range.num_values is None for each in search.parameters):
        return None
    return math.prod(_count(search, each) for each in search.parameters if each.only_when is None)


def combinations(search: Search) -> Iterator[Values]:
    """Every combination, the last parameter quickest. All ranges must have a list of values."""
    return _combinations(search.parameters, lambda each: each.range.listed() or [], {}, 0)


def corners(search: Search, most: int = 200) -> list[Values]:
    """The combinations at which the search is checked before it starts.

    All of them if there are at most ``most``. Otherwise at most ``most`` combinations of smallest
    and largest values, and every listed value of every parameter once.
    """
    total = num_combinations(search)
    if total is not None and total <= most and _all_listed(search):
        return list(combinations(search))
    ends = _combinations(search.parameters, lambda each: each.range.ends(), {}, 0)
    found = list(itertools.islice(ends, most))
    firsts = dict(found[0])
    for parameter in search.parameters:
        for value in _some(parameter, most // len(search.parameters)):
            found.append(_only_in_force(search, firsts | {parameter.name: value}))
    return list({values_key(each): each for each in found}.values())


def _combinations(parameters: Any, listed: Any, chosen: Values, index: int) -> Iterator[Values]:
    if index == len(parameters):
        yield dict(chosen)
        return
    parameter = parameters[index]
    if not in_force(parameter, chosen):
        yield from _combinations(parameters, listed, chosen, index + 1)
        return
    for value in listed(parameter):
        yield from _combinations(parameters, listed, {**chosen, parameter.name: value}, index + 1)


def _count(search: Search, parameter: Parameter) -> int:
    """Combinations of a parameter and of those whose conditions name it, which are a tree."""
    waiting = [
        (each.only_when.values, _count(search, each))
        for each in search.parameters
        if each.only_when is not None and each.only_when.parameter == parameter.name
    ]
    if not waiting:
        return parameter.range.num_values or 0
    return sum(
        math.prod(count for values, count in waiting if _is_among(value, values))
        for value in parameter.range.listed() or ()
    )


def _is_among(given: Any, values: Iterable[Any]) -> bool:
    return any(type(each) is type(given) and each == given for each in values)


def _only_in_force(search: Search, wanted: Values) -> Values:
    """The same values for the parameters in force, and their smallest for those without one."""
    values: Values = {}
    for parameter in search.parameters:
        if in_force(parameter, values):
            values[parameter.name] = wanted.get(parameter.name, parameter.range.ends()[0])
    return values


def _some(parameter: Parameter, most: int) -> list[Any]:
    values = parameter.range.listed() or parameter.range.ends()
    every = max(1, math.ceil(len(values) / max(1, most)))
    return values[::every]


def _all_listed(search: Search) -> bool:
    return all(each.range.listed() is not None for each in search.parameters)


def _changes(parameter: Parameter, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(parameter.range, Variants):
        yield from ((path, value) for path in parameter.paths)
        return
    if value not in parameter.range.variants:
        known = ", ".join(parameter.range.variants)
        raise InvalidExperiment(
            [
                FieldError(
                    f"values.{parameter.name}", f"Expected one of {known}. Got {quote(value)}."
                )
            ]
        )
    yield from parameter.range.variants[value].items()


def _comparable(value: Any) -> Any:
    # 1 and 1.0 set a field to the same value; true is no number.
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
