"""``--set path=value``: change any field of an experiment by its dotted path."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from core.errors import FieldError, InvalidExperiment
from core.spec.experiment import Experiment, parse


def override(experiment: Experiment, assignments: Iterable[str]) -> Experiment:
    """Apply ``training.epochs=3`` and the like. Values are TOML; a bare word is text.

    ``none`` empties an optional field or is the choice of that name, and an index reaches
    into a list (``model.stages.0.convolutions.0.filters=64``). Naming another ``kind`` starts
    that kind from its defaults. Raises InvalidExperiment that names the field.
    """
    changes = []
    for assignment in assignments:
        path, separator, text = assignment.partition("=")
        if not separator or not path.strip():
            raise InvalidExperiment(
                [FieldError(path, f"Expected field=value, got {assignment!r}.")]
            )
        changes.append((path.strip(), text))
    return assign(experiment, changes)


def assign(experiment: Experiment, changes: Iterable[tuple[str, Any]]) -> Experiment:
    """The same from paths with values; a text is read as ``override`` reads it."""
    raw = experiment.to_dict()
    nones = set()
    for path, value in changes:
        _assign(raw, path, read_value(value) if isinstance(value, str) else value)
        if isinstance(value, str) and value.strip() == "none":
            nones.add(path)
    return _parse_with_nones(raw, nones)


def _parse_with_nones(raw: dict[str, Any], nones: set[str]) -> Experiment:
    """Where a field cannot be empty, ``none`` was meant as a word: pooling and normalisation."""
    try:
        return parse(raw)
    except InvalidExperiment as error:
        words = nones & {each.field for each in error.errors}
        if not words:
            raise
    for path in words:
        _assign(raw, path, "none")
    return parse(raw)


def read_value(text: str) -> Any:
    """A value of a field as a person types it: TOML, a bare word, or None for ``none``."""
    text = text.strip()
    if text.lower() in {"none", "null", ""}:
        return None
    try:
        return tomllib.loads(f"value = {text}")["value"]
    # Numbers of thousands of digits and thousands of brackets raise the other two.
    except (ValueError, RecursionError):
        return text


def _assign(raw: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    node: Any = raw
    for part in parents:
        node = _enter(node, part, path)
    if isinstance(node, list):
        node[_index(node, last, path)] = value
    elif isinstance(node, dict):
        if last == "kind" and node.get("kind") != value:
            node.clear()
        node[last] = value
    else:
        raise _no_such(path)


def _enter(node: Any, part: str, path: str) -> Any:
    if isinstance(node, list):
        return node[_index(node, part, path)]
    if not isinstance(node, dict) or part not in node:
        raise _no_such(path)
    if node[part] is None:
        # An optional group (early stopping) is switched on by setting one of its fields.
        node[part] = {}
    return node[part]


def _index(node: list[Any], part: str, path: str) -> int:
    # Nine digits: longer than any list, shorter than what int() refuses to read.
    if not part.isdecimal() or len(part) > 9 or int(part) >= len(node):
        raise InvalidExperiment(
            [FieldError(path, f"Expected an index from 0 to {len(node) - 1}, got {part!r}.")]
        )
    return int(part)


def _no_such(path: str) -> InvalidExperiment:
    return InvalidExperiment([FieldError(path, "There is no such field.")])
