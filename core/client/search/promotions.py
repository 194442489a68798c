"""Promotion: the best trials retrained with the full training schedule and several seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.records.runs import Metric, Run, RunState
from core.records.searches import Trial, TrialState
from core.spec import Experiment, parse
from core.spec.search import Direction, Search, Which, apply_values, values_key

_VALIDATION, _TEST = "validation", "test"
_USABLE = frozenset({RunState.QUEUED, RunState.RUNNING, RunState.STOPPING, RunState.FINISHED})
"""States of promoted runs that are not queued again."""


@dataclass(frozen=True)
class Promotion:
    """A trial and its promoted runs: its score in the search, and their scores.

    The search's own score is too good: the trial was selected for it (selection optimism). Runs
    with seeds that were not selected have no such bias.
    """

    number: int
    """Of the trial."""
    values: dict[str, Any]
    search_score: float | None
    run_ids: tuple[str, ...]
    """One per seed, in the order in which they were queued."""
    scores: tuple[float, ...]
    """The validation score of each finished run, by the search's objective."""
    mean: float | None
    std: float | None
    """Sample standard deviation; None with fewer than two scores."""
    test: float | None
    """Mean test score of the runs that were evaluated on the test set; None without any."""


def best_trials(search: Search, trials: Sequence[Trial], top: int) -> list[Trial]:
    """The ``top`` best completed trials, no combination of values twice."""
    scored = [t for t in trials if t.state is TrialState.COMPLETED and t.score is not None]
    ordered = _best_first(search, scored)
    # Hyperband's later rounds repeat a combination: only the best of them counts.
    different = {values_key(trial.values): trial for trial in reversed(ordered)}
    return [trial for trial in ordered if different[values_key(trial.values)] is trial][:top]


def _best_first(search: Search, trials: Sequence[Trial]) -> list[Trial]:
    sign = -1.0 if search.objective.direction is Direction.MAX else 1.0
    return sorted(trials, key=lambda trial: (sign * (trial.score or 0.0), trial.number))


def promoted_experiment(search: Search, trial: Trial, seeds: Sequence[int]) -> Experiment:
    """The trial's values with the base's whole schedule. Raises InvalidExperiment."""
    # Without the budget's epochs and without early stopping the base's schedule counts.
    budget = search.budget.model_copy(update={"epochs": None})
    whole = search.model_copy(update={"budget": budget, "early_stopping": None})
    experiment = apply_values(whole, trial.values)
    # Shortened, so that the number fits into a run's name.
    name = f"{search.name[:100]}, trial {trial.number}"
    return parse(experiment.to_dict() | {"name": name, "seeds": list(seeds)})


def seeds_left(runs: Sequence[Run], number: int, seeds: Sequence[int]) -> list[int]:
    """Seeds for which this trial has no promoted run, or one that did not finish."""
    have = {run.seed for run in runs if run.trial_number == number and run.state in _USABLE}
    return [seed for seed in seeds if seed not in have]


def promotions(
    search: Search, trials: Sequence[Trial], runs: Sequence[Run], metrics: Sequence[Metric]
) -> list[Promotion]:
    """One per promoted trial, the best of the search first."""
    by_trial: dict[int, list[Run]] = {}
    for run in runs:
        if run.trial_number is not None:
            by_trial.setdefault(run.trial_number, []).append(run)
    promoted = [trial for trial in trials if trial.number in by_trial]
    of_run: dict[str, list[Metric]] = {}
    for metric in metrics:
        of_run.setdefault(metric.run_id, []).append(metric)
    return [
        _promotion(search, trial, by_trial[trial.number], of_run)
        for trial in _best_first(search, promoted)
    ]


def _promotion(
    search: Search, trial: Trial, runs: Sequence[Run], metrics: Mapping[str, Sequence[Metric]]
) -> Promotion:
    finished = [run for run in runs if run.state is RunState.FINISHED]
    scores = [_score(search, metrics.get(run.id, ())) for run in finished]
    known = tuple(score for score in scores if score is not None)
    tests = [_test_score(search, metrics.get(run.id, ())) for run in finished]
    test_scores = [score for score in tests if score is not None]
    return Promotion(
        number=trial.number,
        values=trial.values,
        search_score=trial.score,
        run_ids=tuple(run.id for run in runs),
        scores=known,
        mean=statistics.fmean(known) if known else None,
        std=statistics.stdev(known) if len(known) > 1 else None,
        test=statistics.fmean(test_scores) if test_scores else None,
    )


def _score(search: Search, metrics: Sequence[Metric]) -> float | None:
    """The run's validation score by the search's objective."""
    name = search.objective.metric.removeprefix("val_")
    curve = sorted(
        (metric.epoch, metric.value)
        for metric in metrics
        if metric.split == _VALIDATION and metric.name == name and math.isfinite(metric.value)
    )
    if not curve:
        return None
    values = [value for _, value in curve]
    if search.objective.which is Which.LAST:
        return values[-1]
    return max(values) if search.objective.direction is Direction.MAX else min(values)


def _test_score(search: Search, metrics: Sequence[Metric]) -> float | None:
    name = search.objective.metric.removeprefix("val_")
    scores = [each.value for each in metrics if each.split == _TEST and each.name == name]
    return scores[0] if scores else None
