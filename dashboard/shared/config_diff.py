"""The settings of experiments by path, and which of them differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import InvalidExperiment
from core.records.runs import Run
from core.spec import parse
from dashboard.shared.field_names import every_choice, spoken_path
from dashboard.shared.field_names import spoken as spoken_choice
from dashboard.shared.text import NOTHING, number

Flat = dict[str, Any]
_NOT_SETTINGS = frozenset({"name", "notes"})


def flat(config: Mapping[str, Any]) -> Flat:
    """Every setting of an experiment by its path (``training.epochs``), without name and notes."""
    found: Flat = {}
    for name, value in config.items():
        if name not in _NOT_SETTINGS:
            _flatten(name, value, found)
    return found


def of_run(run: Run) -> Flat:
    """A run's settings. Fields that are newer than the run get their defaults."""
    try:
        return flat(parse(run.config).to_dict())
    except InvalidExperiment:
        return flat(run.config)  # of an earlier version: as stored


def paths(configs: Sequence[Flat], *, only_differing: bool) -> list[str]:
    """Paths of all settings in the order of the form, or only of those that differ."""
    every = dict.fromkeys(path for config in configs for path in config)
    if not only_differing:
        return list(every)
    return [path for path in every if _differs([config.get(path) for config in configs])]


def spoken(path: str) -> str:
    """The title of a setting, as in the form."""
    return "Seed" if path == "seeds" else spoken_path(path)


def shown(value: Any) -> str:
    """A setting's value as text."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value) or "none"
    return spoken_choice(value) if value in every_choice() else str(value)


def _flatten(path: str, value: Any, found: Flat) -> None:
    if isinstance(value, Mapping):
        for name, item in value.items():
            _flatten(f"{path}.{name}", item, found)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            _flatten(f"{path}.{index}", item, found)
    else:
        found[path] = value


def _differs(values: Sequence[Any]) -> bool:
    return any(value != values[0] for value in values[1:])
