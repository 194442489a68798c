"""The hyperparameters of a person's own code, found by building its model with many values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras_tuner

from core.errors import CodeNotTrusted, TrainingFailed
from core.models.own import load_build

MOST_BUILDS = 64
"""Maximum number of builds to find the hyperparameters."""


def declared(reference: str, folder: str) -> list[dict[str, Any]]:
    """Every hyperparameter that the code declared, as plain JSON types.

    Builds the model once for every value of its choices and every branch of its conditions, at
    most ``MOST_BUILDS`` times. Raises CodeNotTrusted, and TrainingFailed (``own_code``) when it
    cannot.
    """
    try:
        return [_plain(each) for each in _found_space(reference, folder)]
    except CodeNotTrusted:
        raise
    # Own code may raise any exception.
    except Exception as error:
        sentence = f"{reference} builds no model: {type(error).__name__}: {error}"
        raise TrainingFailed("own_code", sentence) from error


def _found_space(reference: str, folder: str) -> list[Any]:
    build, found = load_build(reference, folder), keras_tuner.HyperParameters()
    build(found)
    tried: list[dict[str, Any]] = []
    while len(tried) < MOST_BUILDS:
        wanted = next((each for each in _branches(found) if each not in tried), None)
        if wanted is None:
            break
        tried.append(wanted)
        found.values.update(wanted)
        found.ensure_active_values()
        build(found)
    return [each for each in found.space if _kind(each) != "fixed"]


def _branches(found: Any) -> Iterator[dict[str, Any]]:
    """Values with which the code may declare more hyperparameters."""
    for each in found.space:
        if _kind(each) in ("boolean", "choice"):
            for value in each.values:
                yield _conditions_met(each.conditions) | {each.name: value}
    for scope in found.inactive_scopes:
        yield _conditions_met(scope)


def _conditions_met(conditions: Sequence[Any]) -> dict[str, Any]:
    return {each.name: each.values[0] for each in conditions}


def _plain(found: Any) -> dict[str, Any]:
    kind = _kind(found)
    plain: dict[str, Any] = {"name": found.name, "kind": kind}
    if kind == "choice":
        plain["values"] = list(found.values)
    if kind in ("int", "float"):
        plain |= {"minimum": found.min_value, "maximum": found.max_value}
        plain |= {"step": found.step, "sampling": found.sampling}
    conditions = [{"parameter": c.name, "values": list(c.values)} for c in found.conditions]
    return plain | {"conditions": conditions}


def _kind(found: Any) -> str:
    return type(found).__name__.lower()
