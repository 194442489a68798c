"""Promotion: the best trials trained again on the full schedule, and how much was luck."""

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
"""What counts as a promotion that need not be made again."""


@dataclass(frozen=True)
class Promotion:
    """A trial and its retrainings: what it scored in the search, and what it is worth.

    The search picked the trial because it scored well, so its own score is too good: selection
    optimism. Trained again, with seeds that the search did not choose by, it has no such luck.
    """

    number: int
    """The trial's."""
    values: dict[str, Any]
    search_score: float | None
    run_ids: tuple[str, ...]
    """One a seed, in the order in which they were queued."""
    scores: tuple[float, ...]
    """The search's objective on validation, of each run that has finished."""
    mean: float | None
    std: float | None
    """Of a sample; None with fewer than two scores."""
    test: float | None
    """Mean of what was asked for on the test images; None when nobody asked."""


def best_trials(search: Search, trials: Sequence[Trial], top: int) -> list[Trial]:
    """The ``top`` best completed trials, no combination of values twice."""
    scored = [t for t in trials if t.state is TrialState.COMPLETED and t.score is not None]
    ordered = _best_first(search, scored)
    # Hyperband's later rounds try a combination again: its best round stands for all of them.
    different = {values_key(trial.values): trial for trial in reversed(ordered)}
    return [trial for trial in ordered if different[values_key(trial.values)] is trial][:top]


def _best_first(search: Search, trials: Sequence[Trial]) -> list[Trial]:
    sign = -1.0 if search.objective.direction is Direction.MAX else 1.0
    return sorted(trials, key=lambda trial: (sign * (trial.score or 0.0), trial.number))


def promoted_experiment(search: Search, trial: Trial, seeds: Sequence[int]) -> Experiment:
    """The trial's values on the base's own schedule. Raises InvalidExperiment."""
    # The base's own schedule, whatever the trials were allowed.
    budget = search.budget.model_copy(update={"epochs": None})
    whole = search.model_copy(update={"budget": budget, "early_stopping": None})
    experiment = apply_values(whole, trial.values)
    # Cut, so that the number still fits into a run's name.
    name = f"{search.name[:100]}, trial {trial.number}"
    return parse(experiment.to_dict() | {"name": name, "seeds": list(seeds)})


def seeds_left(runs: Sequence[Run], number: int, seeds: Sequence[int]) -> list[int]:
    """Seeds for which this trial was not promoted yet, or whose run did not come to its end."""
    have = {run.seed for run in runs if run.trial_number == number and run.state in _USABLE}
    return [seed for seed in seeds if seed not in have]


def promotions(
    search: Search, trials: Sequence[Trial], runs: Sequence[Run], metrics: Sequence[Metric]
) -> list[Promotion]:
    """One for each trial that was promoted, the best of the search first."""
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
    tests = [_on_test(search, metrics.get(run.id, ())) for run in finished]
    asked = [score for score in tests if score is not None]
    return Promotion(
        number=trial.number,
        values=trial.values,
        search_score=trial.score,
        run_ids=tuple(run.id for run in runs),
        scores=known,
        mean=statistics.fmean(known) if known else None,
        std=statistics.stdev(known) if len(known) > 1 else None,
        test=statistics.fmean(asked) if asked else None,
    )


def _score(search: Search, metrics: Sequence[Metric]) -> float | None:
    """What the run scored by the search's own objective."""
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


def _on_test(search: Search, metrics: Sequence[Metric]) -> float | None:
    name = search.objective.metric.removeprefix("val_")
    asked = [each.value for each in metrics if each.split == _TEST and each.name == name]
    return asked[0] if asked else None
