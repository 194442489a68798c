"""``--set path=value``: change any field of an experiment by its dotted path."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable
from typing import Any

from core.errors import FieldCode, FieldError, InvalidExperiment
from core.spec.experiment import Experiment, parse
from core.spec.parser import NO_SUCH_FIELD
from core.text import printable, quote, shorten

_MOST_FIELD = 200
_NO_LIST = "Expected a list where the path has *."


def override(experiment: Experiment, assignments: Iterable[str]) -> Experiment:
    """Apply ``training.epochs=3`` and the like. Values are TOML; a bare word is text.

    ``none`` empties an optional field, or is the choice of that name. An index is an item of a
    list (``model.stages.0.convolutions.0.filters=64``), ``*`` all items. Another ``kind`` starts
    from its defaults. Raises InvalidExperiment that names the field.
    """
    changes = []
    for assignment in assignments:
        path, separator, text = assignment.partition("=")
        if not separator or not path.strip():
            raise InvalidExperiment(
                [FieldError(_field(path), f"Expected field=value. Got {quote(assignment)}.")]
            )
        changes.append((path.strip(), text))
    return assign(experiment, changes)


def assign(experiment: Experiment, changes: Iterable[tuple[str, Any]]) -> Experiment:
    """The same from paths and values; a text is read as in ``override``."""
    raw = experiment.to_dict()
    nones = set()
    for path, value in changes:
        read = read_value(value) if isinstance(value, str) else value
        places = _every_place(raw, path)
        for place in places:
            _assign(raw, place, copy.deepcopy(read))
        if isinstance(value, str) and value.strip() == "none":
            nones.update(places)
    return _parse_with_nones(raw, nones)


def _parse_with_nones(raw: dict[str, Any], nones: set[str]) -> Experiment:
    """Parse; where a field cannot be empty, ``none`` is a word: of pooling and normalisation."""
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


def _every_place(raw: Any, path: str) -> list[str]:
    """The paths that a path with ``*`` means, one per index of the list there."""
    places = [""]
    for part in path.split("."):
        if part != "*":
            places = [f"{place}.{part}".lstrip(".") for place in places]
            continue
        lists = [(place, _at(raw, place)) for place in places]
        if not all(isinstance(node, list) for _, node in lists):
            raise _no_such_field(path, _NO_LIST)
        places = [f"{place}.{index}" for place, node in lists for index in range(len(node))]
    return places


def _at(node: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(node, list) and part.isdecimal() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, dict):
            node = node.get(part)
        else:
            return None
    return node


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
        raise _no_such_field(path)


def _enter(node: Any, part: str, path: str) -> Any:
    if isinstance(node, list):
        return node[_index(node, part, path)]
    if not isinstance(node, dict) or part not in node:
        raise _no_such_field(path)
    if node[part] is None:
        # Setting a field of an optional group (early stopping) switches the group on.
        node[part] = {}
    return node[part]


def _index(node: list[Any], part: str, path: str) -> int:
    # At most nine digits: no list is longer, and int() refuses thousands of digits.
    if not part.isdecimal() or len(part) > 9 or int(part) >= len(node):
        raise _no_such_field(
            path, f"Expected an index from 0 to {len(node) - 1}. Got {quote(part)}."
        )
    return int(part)


def _no_such_field(path: str, message: str = NO_SUCH_FIELD) -> InvalidExperiment:
    return InvalidExperiment([FieldError(_field(path), message, FieldCode.NO_SUCH_FIELD)])


def _field(path: str) -> str:
    return printable(shorten(path, _MOST_FIELD))
