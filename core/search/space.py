"""A search's parameters as Keras Tuner's HyperParameters, and Keras Tuner's values as ours."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import keras_tuner

from core.spec.search import Choice, Integer, Parameter, Real, Scale, Search, Values, Variants


def hyperparameters(search: Search) -> keras_tuner.HyperParameters:
    """The search space in Keras Tuner's form."""
    space = keras_tuner.HyperParameters()
    for parameter in search.parameters:
        condition = parameter.only_when
        scope = (
            space.conditional_scope(condition.parameter, list(condition.values))
            if condition
            else nullcontext()
        )
        with scope:
            _add(space, parameter)
    return space


def cleaned(search: Search, proposed: Mapping[str, Any]) -> Values:
    """Keras Tuner's values as plain numbers and words, cut to their ranges."""
    return {
        parameter.name: _cleaned(parameter, proposed[parameter.name])
        for parameter in search.parameters
        if parameter.name in proposed
    }


def in_space(search: Search, values: Mapping[str, Any]) -> bool:
    """Whether a trial made by hand is a point of the space, so that it teaches the algorithm."""
    return all(search.parameter(name).range.holds(value) for name, value in values.items())


def _add(space: keras_tuner.HyperParameters, parameter: Parameter) -> None:
    name, values = parameter.name, parameter.range
    if isinstance(values, Choice):
        space.Choice(name, list(values.values))
    elif isinstance(values, Variants):
        space.Choice(name, list(values.variants))
    elif isinstance(values, Integer):
        _add_integer(space, name, values)
    elif isinstance(values, Real):
        _add_real(space, name, values)
    else:
        space.Boolean(name)


def _add_integer(space: keras_tuner.HyperParameters, name: str, values: Integer) -> None:
    if values.scale is Scale.LOG:
        step = values.step if values.step > 1 else None
        space.Int(name, values.minimum, values.maximum, step=step, sampling="log")
    else:
        # Without a step the Gaussian process could propose maximum + 1.
        space.Int(name, values.minimum, values.maximum, step=values.step)


def _add_real(space: keras_tuner.HyperParameters, name: str, values: Real) -> None:
    listed = values.listed()
    if listed is None:
        space.Float(name, values.minimum, values.maximum, sampling=values.scale.value)
    else:
        # Keras Tuner's own steps lose the maximum to binary fractions (0.5 // 0.1 is 4). A list
        # uses the same random numbers.
        space.Choice(name, listed)


def _cleaned(parameter: Parameter, value: Any) -> Any:
    if isinstance(parameter.range, Integer):
        # On a log scale the Gaussian process can propose maximum + 1.
        return min(int(value), parameter.range.maximum)
    if isinstance(parameter.range, Real):
        return min(max(float(value), parameter.range.minimum), parameter.range.maximum)
    return value
