"""Experiments as TOML files: a person's own, and the presets."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import Field

from core.errors import FieldError, InvalidExperiment, UnknownPreset
from core.settings import PROJECT_ROOT
from core.spec.base import Spec
from core.spec.experiment import Experiment, parse
from core.spec.grid import Grid, grid_from_table
from core.spec.parser import validated
from core.text import printable, quote, shorten

PRESETS = PROJECT_ROOT / "experiments" / "presets"
# The largest experiment that the bounds allow is about half of this.
_MAX_BYTES = 200_000
# tomllib takes minutes over a key of thousands of parts; an experiment's keys have eight.
_ENDLESS_KEY = re.compile(r"(?<![^\s.=])(?:[^\s.=]+[ \t]*\.[ \t]*){64}")
_NAME = re.compile(r"[a-z0-9_]{1,64}")

Stamp = tuple[tuple[str, int, int], ...]
"""Name, time of the last change in ns and size of files."""


class Measured(Spec):
    """A measured score and the conditions of its measurement."""

    score: float = Field(ge=0.0, le=1.0)
    """Accuracy; the mean where there are several seeds."""
    spread: float | None = Field(None, ge=0.0, le=1.0)
    """Standard deviation over the seeds."""
    split: str
    which: str
    """``best`` or ``last`` epoch (``best`` is chosen on validation)."""
    epochs: int
    seeds: tuple[int, ...]
    images: int
    seconds: float
    engine: str
    machine: str
    date: str
    settings: tuple[str, ...] = ()
    """Differences from the file, as arguments of ``--set``: fewer images, another precision."""


class About(Spec):
    """What a preset teaches, and what it scored."""

    title: str
    lesson: str = ""
    """What it teaches, in a line."""
    teaches: str
    group: str
    """Section of recipes.md, ``A`` to ``E``."""
    base: str = ""
    """The preset that it is a variation of; empty if there is none."""
    compare_with: tuple[str, ...] = ()
    reference: str = ""
    origin: str = ""
    measured: tuple[Measured, ...] = ()
    """Empty: not yet measured."""


class Preset(Spec):
    """An experiment that ships with the lab, and its description."""

    name: str
    about: About
    experiment: Experiment
    grid: Grid | None = None
    """A grid to launch, if one run does not show what the preset teaches."""


def read_experiment(path: Path) -> Experiment:
    """Read an experiment file. Raises InvalidExperiment (field empty when it is no TOML)."""
    return _experiment(read_toml(path), name=path.stem)


def read_grid(path: Path) -> Grid | None:
    """The grid in an experiment file, if it has one. Raises InvalidExperiment."""
    return _grid(read_toml(path))


def experiment_from_toml(text: str) -> Experiment:
    """Read an experiment from TOML text, for instance of an uploaded file."""
    return _experiment(parse_toml(text, "the text"))


def grid_from_toml(text: str) -> Grid | None:
    """The grid in such a text, if there is one. Raises InvalidExperiment."""
    return _grid(parse_toml(text, "the text"))


def experiment_to_toml(experiment: Experiment, grid: Grid | None = None) -> str:
    """The experiment as TOML. Reading it back gives an equal experiment, and an equal grid."""
    table = {"grid": grid.to_table()} if grid else {}
    return tomlkit.dumps(without_none(experiment.to_dict() | table))


def preset_names(folder: Path = PRESETS) -> list[str]:
    """Names of all presets, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def preset_stamp(folder: Path = PRESETS) -> Stamp:
    """A value that changes when a preset's file does, for caches."""
    found = ((path.name, path.stat()) for path in folder.glob("*.toml"))
    return tuple(sorted((name, each.st_mtime_ns, each.st_size) for name, each in found))


def read_preset(name: str, folder: Path = PRESETS) -> Preset:
    """One preset by name. Raises UnknownPreset, or InvalidExperiment for a broken file."""
    path = folder / f"{name}.toml"
    if not is_name(name) or not path.is_file():
        known = ", ".join(preset_names(folder))
        raise UnknownPreset(f"Unknown preset {quote(name)}. Expected one of: {known}.")
    raw = read_toml(path)
    about = validated(About, raw.pop("about", {}), "about")
    grid = _grid(raw)
    return Preset(name=name, about=about, experiment=_experiment(raw, name=name), grid=grid)


def is_name(name: str) -> bool:
    """Whether a text can be the name of a preset, and so part of a path."""
    return _NAME.fullmatch(name) is not None


def _experiment(raw: dict[str, Any], **defaults: str) -> Experiment:
    own = {name: value for name, value in raw.items() if name not in ("about", "grid")}
    return parse(defaults | own)


def _grid(raw: dict[str, Any]) -> Grid | None:
    table = raw.get("grid")
    if table is None:
        return None
    if not isinstance(table, dict):
        raise InvalidExperiment(
            [FieldError("grid", "Expected a table of fields with lists of values.")]
        )
    return grid_from_table(table)


def read_toml(path: Path) -> dict[str, Any]:
    """A file as plain data. Raises InvalidExperiment with an empty field when it is no TOML."""
    try:
        # Not by its size on disk: a device has no size and never ends.
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1).decode()
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"byte {error.start + 1:,} is not UTF-8") from error
    # Python refuses a path with a NUL as a ValueError.
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(getattr(error, "strerror", None) or error)) from error
    return parse_toml(text, printable(shorten(path.name)))


def _unreadable(path: Path, reason: str) -> InvalidExperiment:
    sentence = f"{quote(str(path))} cannot be read as an experiment file: {reason}."
    return InvalidExperiment([FieldError("", sentence)])


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Text as plain data; ``source`` is its name in messages. Raises as `read_toml`."""
    if len(text) > _MAX_BYTES:
        raise InvalidExperiment(
            [FieldError("", f"{source} is larger than an experiment can be (200 kB).")]
        )
    if _ENDLESS_KEY.search(text):
        raise InvalidExperiment(
            [FieldError("", f"{source} has a key of more than 64 parts. Expected at most 8.")]
        )
    try:
        return tomllib.loads(text)
    # Numbers of thousands of digits and thousands of brackets raise the other two.
    except (ValueError, RecursionError) as error:
        sentence = f"{source} is not TOML: {shorten(printable(str(error)), 200)}."
        raise InvalidExperiment([FieldError("", sentence)]) from error


def without_none(value: Any) -> Any:
    """TOML has no null: a field that is None is left out, and None is its default."""
    if isinstance(value, Mapping):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_none(item) for item in value]
    return value
