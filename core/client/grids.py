"""The client's verbs about several experiments at once: a grid, or a preset with its base."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.client.checks import check, network_errors
from core.client.experiments import Experiments
from core.client.lab import Lab
from core.client.runs import Runs
from core.datasets import DATASETS
from core.errors import FieldError, InvalidExperiment
from core.records.runs import Run
from core.settings import Settings
from core.spec import Experiment
from core.spec.files import read_grid
from core.spec.grid import Grid, at_point, combinations, points

if TYPE_CHECKING:
    from core.jobs.estimates import Estimate


@dataclass(frozen=True)
class GridEstimate:
    """What a grid will take when its runs go one after the other, in seconds, with bounds."""

    num_runs: int
    seconds: float
    low: float
    high: float


class Grids:
    """Many runs of one launch: all of them are queued, as one group, or none."""

    def __init__(self, lab: Lab, experiments: Experiments, runs: Runs) -> None:
        self._lab = lab
        self._experiments = experiments
        self._runs = runs

    def read(self, reference: str) -> Grid | None:
        """The grid that a preset or a TOML file brings; None where it brings none."""
        _, preset = self._experiments.read(reference)
        return (
            read_grid(Path(reference)) if preset is None else self._experiments.preset(preset).grid
        )

    def check(self, experiment: Experiment, grid: Grid) -> list[FieldError]:
        """Everything that would stop any of a grid's runs, by field; empty when nothing would."""
        try:
            made = points(experiment, grid)
        except InvalidExperiment as error:
            return error.errors
        return _grid_errors(made, grid, self._lab.settings)

    def submit(
        self,
        experiment: Experiment,
        grid: Grid,
        *,
        preset: str | None = None,
        tags: Iterable[str] = (),
    ) -> list[Run]:
        """Queue one run for each combination and seed, named after its values.

        Raises InvalidExperiment listing every wrong value at its field; nothing is written then.
        SupervisorUnavailable as `submit`.
        """
        named = experiment.model_copy(update={"name": experiment.name or preset or ""})
        made = points(named, grid)
        errors = _grid_errors(made, grid, self._lab.settings)
        if errors:
            raise InvalidExperiment(errors)
        return self._runs.queue_checked([(point, preset) for point in made], tags)

    def estimate(self, experiment: Experiment, grid: Grid) -> GridEstimate:
        """Time for all of a grid's runs. Raises InvalidExperiment, or as `describe` does."""
        made = points(experiment, grid)
        num_seeds = len(experiment.seeds)
        # Many points differ in what takes no time, such as a learning rate.
        known: dict[Any, Estimate] = {}
        total = [0.0, 0.0, 0.0]
        for point in made:
            training = point.training
            # An epoch is the mean of both segments, which their lengths weigh.
            lengths = (training.epochs, training.fine_tuning) if training.fine_tuning else ()
            model = point.model.model_dump_json()  # one of somebody's own code has no hash
            key = (model, point.data, training.batch_size, training.engine, lengths)
            if key not in known:
                known[key] = self._experiments.estimate(point)
            one, epochs = known[key], point.total_epochs
            times = [one.seconds_before + epochs * each for each in one.per_epoch]
            total = [so_far + num_seeds * each for so_far, each in zip(total, times, strict=True)]
        return GridEstimate(len(made) * num_seeds, *total)


def _grid_errors(made: Sequence[Experiment], grid: Grid, settings: Settings) -> list[FieldError]:
    """Errors of the points, each once, with the values that they come with."""
    found: list[FieldError] = []
    looked_at: set[Any] = set()
    for point, values in zip(made, combinations(grid), strict=True):
        # Drawing a split takes 20 ms, and most grids leave the data alone.
        training, model = point.training, point.model
        code = (model.own.reference, model.own.folder) if model.own else None
        key = (point.data, training.engine, training.fine_tuning, model.backbone, code)
        info = DATASETS.get(point.data.dataset)
        if key not in looked_at:
            errors = check(point, settings)
        else:
            errors = network_errors(point, info) if info else []
        looked_at.add(key)
        found += at_point(errors, grid, values)
    return list(dict.fromkeys(found))
