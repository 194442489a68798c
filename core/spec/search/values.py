"""Combinations of values: what they make of the experiment, which are equal, how many exist."""

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

    ``values`` are by parameter name; parameters not in force are absent and leave the base as it
    is. ``epochs`` stands in for the budget's, which may change while the search runs. Raises
    InvalidExperiment: at ``values.NAME`` for a value that is no parameter's, otherwise at the
    experiment's own fields.
    """
    unknown = values.keys() - {each.name for each in search.parameters}
    if unknown:
        raise InvalidExperiment(
            [FieldError(f"values.{name}", "No parameter is called so.") for name in sorted(unknown)]
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
    """What is wrong with values that a person typed, at ``values.NAME``; empty when nothing."""
    errors = []
    for name in values.keys() - {each.name for each in search.parameters}:
        errors.append(FieldError(f"values.{name}", "No parameter is called so."))
    for parameter in search.parameters:
        field = f"values.{parameter.name}"
        if not in_force(parameter, values):
            if parameter.name in values:
                errors.append(FieldError(field, "It is not in force with these values."))
        elif parameter.name not in values:
            errors.append(FieldError(field, "This parameter is required."))
        elif isinstance(parameter.range, Variants) and not parameter.range.holds(
            values[parameter.name]
        ):
            known = ", ".join(parameter.range.variants)
            errors.append(FieldError(field, f"Expected one of {known}."))
    return errors


def values_key(values: Mapping[str, Any]) -> str:
    """A text that is equal for equal combinations and different for all others."""
    numbers = {name: _comparable(value) for name, value in values.items()}
    return json.dumps(numbers, sort_keys=True, separators=(",", ":"))


def in_force(parameter: Parameter, values: Mapping[str, Any]) -> bool:
    """Whether the parameter varies where the others have these values."""
    condition = parameter.only_when
    if condition is None:
        return True
    return _is_among(values.get(condition.parameter), condition.values)


def num_combinations(search: Search) -> int | None:
    """How many different trials there can be; None: any number.

    Parameters that are not in force do not count: dropout off is one trial, whatever its rate.
    """
    if any(each.range.num_values is None for each in search.parameters):
        return None
    return math.prod(_count(search, each) for each in search.parameters if each.only_when is None)


def combinations(search: Search) -> Iterator[Values]:
    """Every combination, the last parameter quickest. Only where all ranges can be listed."""
    return _combinations(search.parameters, lambda each: each.range.listed() or [], {}, 0)


def corners(search: Search, most: int = 200) -> list[Values]:
    """The combinations that show whether the search can run.

    All of them where there are at most ``most``; else those of the smallest and largest values,
    as many of these as ``most`` allows, and every listed value of every parameter once.
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
    """Combinations of a parameter and of those that wait for it: a tree, as each waits for one."""
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
    """The same with what the conditions ask for: nothing idle, everything in force filled."""
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
    # 1 and 1.0 set a field to the same; true is no number.
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
