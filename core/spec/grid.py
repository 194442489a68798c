"""A grid: lists of values for fields, and one experiment per combination.

In a file it is a table beside the experiment, ``[grid]``, with a line for each field::

    [grid]
    "training.learning_rate" = [1e-4, 1e-3, 1e-2]
    "model.regularization.conv_l2, model.regularization.dense_l2" = [1e-4, 1e-2]

Several paths on one line take each value together. Values are read as ``--set`` reads them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field, ValidationError

from core.errors import FieldError, InvalidExperiment
from core.spec.base import Line, Spec
from core.spec.experiment import Experiment
from core.spec.overrides import assign, read_value
from core.text import printable, quote, shorten

MOST_RUNS = 100
"""More than that is a search: it picks what to try, where a grid tries everything."""

_MOST_NAME = 120
_MOST_AXES = 32
_MOST_FIELD = 200
Value = bool | int | float | Line


class Axis(Spec):
    """Fields that take the same values, one after the other."""

    paths: tuple[Line, ...] = Field(min_length=1, max_length=16)
    values: tuple[Value, ...] = Field(min_length=1, max_length=MOST_RUNS)

    @property
    def key(self) -> str:
        """The paths as a file and the command line write them."""
        return ", ".join(self.paths)


class Grid(Spec):
    """Every combination of the values of its axes; without an axis, the experiment alone."""

    axes: tuple[Axis, ...] = ()

    @property
    def num_points(self) -> int:
        """How many experiments it makes."""
        return math.prod(len(axis.values) for axis in self.axes)

    def to_table(self) -> dict[str, list[Value]]:
        """As the table ``[grid]`` of a file; ``grid_from_table`` reads it back."""
        return {axis.key: list(axis.values) for axis in self.axes}


def grid_from_table(raw: Mapping[str, Any]) -> Grid:
    """Read the table ``[grid]``. Raises InvalidExperiment with a ``grid.`` field."""
    return grid_of(_axis(key, values) for key, values in _flat(raw))


def axis_from_text(text: str) -> Axis:
    """Read ``training.epochs=5,10``, the command line's way. Raises InvalidExperiment."""
    key, separator, values = text.partition("=")
    if not separator:
        raise _wrong(text.strip(), f"Expected field=value,value. Got {quote(text)}.")
    return _axis(key, [each for part in values.split(",") if (each := part.strip())])


def grid_of(axes: Iterable[Axis]) -> Grid:
    """The grid of some axes. Raises InvalidExperiment when two vary the same field."""
    grid = Grid(axes=tuple(axes))
    if len(grid.axes) > _MOST_AXES:
        sentence = f"{len(grid.axes):,} lists of values. Expected at most {_MOST_AXES}."
        raise InvalidExperiment([FieldError("grid", sentence)])
    paths = [path for axis in grid.axes for path in axis.paths]
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise InvalidExperiment(
            [FieldError(path, "This field is varied twice. Expected one list.") for path in twice]
        )
    return grid


def points(experiment: Experiment, grid: Grid) -> list[Experiment]:
    """One experiment per combination, named after its values, the last axis quickest.

    Raises InvalidExperiment: at each field with an invalid value, and at ``grid`` for more than
    ``MOST_RUNS`` runs, one per seed.
    """
    num_runs = grid.num_points * len(experiment.seeds)
    if grid.axes and num_runs > MOST_RUNS:
        raise InvalidExperiment([FieldError("grid", _too_many(grid, experiment, num_runs))])
    found: list[Experiment] = []
    errors: list[FieldError] = []
    for values in itertools.product(*(axis.values for axis in grid.axes)):
        try:
            found.append(_point(experiment, grid, values))
        except InvalidExperiment as error:
            errors += at_point(error.errors, grid, values)
    if errors:
        raise InvalidExperiment(list(dict.fromkeys(errors)))
    return found


def typed(value: Value | None) -> str:
    """A value as a person types it in a list; ``axis_from_text`` reads it back."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def combinations(grid: Grid) -> list[tuple[Value, ...]]:
    """The values of every point, in the order of ``points``."""
    return list(itertools.product(*(axis.values for axis in grid.axes)))


def at_point(
    errors: Iterable[FieldError], grid: Grid, values: Sequence[Value]
) -> Iterator[FieldError]:
    """Errors of one point; those at fields that are not in the grid name the point's values."""
    varied = {path for axis in grid.axes for path in axis.paths}
    for error in errors:
        if error.field in varied or not grid.axes:
            yield error
        else:
            yield replace(error, message=f"With {_named(grid, values)}: {error.message}")


def _point(experiment: Experiment, grid: Grid, values: Sequence[Value]) -> Experiment:
    if not grid.axes:
        return experiment
    changes = [
        (path, value) for axis, value in zip(grid.axes, values, strict=True) for path in axis.paths
    ]
    ending = _named(grid, values)[:_MOST_NAME]
    # The values are kept in full, because they differ; the name before them is cut.
    start = experiment.name[: max(0, _MOST_NAME - len(ending) - 1)].rstrip()
    return assign(experiment, changes).model_copy(update={"name": f"{start} {ending}".strip()})


def _named(grid: Grid, values: Sequence[Value]) -> str:
    """``conv_l2=dense_l2=0.001, epochs=3``: the values and as much of each path as it takes."""
    names = _short([path for axis in grid.axes for path in axis.paths])
    return ", ".join(
        "=".join([*(names[path] for path in axis.paths), _shown(value)])
        for axis, value in zip(grid.axes, values, strict=True)
    )


def _short(paths: Sequence[str]) -> dict[str, str]:
    """The shortest end of each path that no other path has."""
    ends = {path: [path.split(".")[-n:] for n in range(1, path.count(".") + 2)] for path in paths}
    every = [end for each in ends.values() for end in each]
    return {
        path: ".".join(next((end for end in own if every.count(end) == 1), own[-1]))
        for path, own in ends.items()
    }


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _axis(key: str, values: Any) -> Axis:
    paths = tuple(part.strip() for part in key.split(",") if part.strip())
    if not paths or not isinstance(values, list) or not values:
        raise _wrong(key.strip(), "Expected a list of values, for instance 0.1, 0.2, 0.3.")
    read = [read_value(each) if isinstance(each, str) else each for each in values]
    # ``none`` stays a word; it is read as None again when a point is made.
    kept = tuple("none" if each is None else each for each in read)
    if len(kept) > MOST_RUNS:
        raise _wrong(paths[0], f"{len(kept)} values. Expected at most {MOST_RUNS}.")
    try:
        axis = Axis(paths=paths, values=kept)
    except ValidationError as error:
        raise _wrong(paths[0], "Expected finite numbers, words, true or false.") from error
    # True equals 1 and is not the same value.
    if len({(isinstance(each, bool), each) for each in axis.values}) < len(kept):
        raise _wrong(paths[0], "A value is listed twice. Expected different ones.")
    return axis


def _flat(raw: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """TOML reads an unquoted ``training.epochs`` as a table in a table."""
    for name, value in raw.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}.")
        else:
            yield path, value


def _too_many(grid: Grid, experiment: Experiment, num_runs: int) -> str:
    lists = " x ".join(str(len(axis.values)) for axis in grid.axes)
    seeds = f" x {len(experiment.seeds)} seeds" if len(experiment.seeds) > 1 else ""
    return f"{lists}{seeds} = {num_runs:,} runs. Expected at most {MOST_RUNS}: drop some values."


def _wrong(key: str, message: str) -> InvalidExperiment:
    field = printable(shorten(key.split(",")[0].strip(), _MOST_FIELD))
    return InvalidExperiment([FieldError(field or "grid", message)])
