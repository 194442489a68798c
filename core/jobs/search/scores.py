"""A trial's curves, score and end, computed from its runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.records.runs import Metric, Run, RunState
from core.records.searches import Trial, TrialState
from core.spec.search import Direction, Objective, Which

Curve = list[float]
"""The objective after each epoch, from the first."""

_BROKEN = frozenset({RunState.FAILED, RunState.LOST})


@dataclass(frozen=True)
class Outcome:
    """How a trial ends, and why in one sentence."""

    state: TrialState
    reason: str = ""


@dataclass(frozen=True)
class Score:
    """A trial's score: the mean over its runs of each one's best or last epoch."""

    value: float
    best_epoch: int
    """Of the first run."""
    best_run: str
    """The id of the run that alone scored best."""


def outcome_of(trial: Trial, runs: Sequence[Run]) -> Outcome | None:
    """How a trial ends, as soon as one of its runs decides that; None before.

    ``runs`` are those that were not deleted. A trial whose runs have all finished is completed,
    even if a stop was requested meanwhile.
    """
    if len(runs) == trial.num_runs and all(run.state is RunState.FINISHED for run in runs):
        return Outcome(TrialState.COMPLETED)
    if trial.verdict is not None:
        return Outcome(trial.verdict, trial.reason)
    broken = next((run for run in runs if run.state in _BROKEN), None)
    if broken is not None:
        return Outcome(TrialState.FAILED, broken.failure.message if broken.failure else "")
    if len(runs) < trial.num_runs:
        return Outcome(TrialState.STOPPED, "One of its runs was deleted.")
    if any(run.state in {RunState.STOPPED, RunState.STOPPING} for run in runs):
        return Outcome(TrialState.STOPPED, "One of its runs was stopped by hand.")
    return None


def curves_of(objective: Objective, metrics: Iterable[Metric]) -> dict[str, Curve]:
    """The objective's curve of each run, by run id."""
    name = objective.metric.value.removeprefix("val_")
    curves: dict[str, Curve] = {}
    for metric in metrics:
        if metric.split == "validation" and metric.name == name:
            curves.setdefault(metric.run_id, []).append(metric.value)
    return curves


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean of several runs' curves, up to the last epoch that all of them have."""
    if not curves:
        return []
    return [sum(values) / len(values) for values in zip(*curves, strict=False)]


def score_of(
    objective: Objective, run_ids: Sequence[str], curves: dict[str, Curve]
) -> Score | None:
    """The trial's score; None while one of its runs has no finished epoch."""
    epochs = {run_id: _epoch(objective, curves.get(run_id, [])) for run_id in run_ids}
    if not run_ids or not all(epochs.values()):
        return None
    values = {run_id: curves[run_id][epochs[run_id] - 1] for run_id in run_ids}
    sign = 1 if objective.direction is Direction.MAX else -1
    best_run = max(run_ids, key=lambda run_id: sign * values[run_id])
    mean = sum(values.values()) / len(values)
    return Score(mean, epochs[run_ids[0]], best_run)


def _epoch(objective: Objective, curve: Curve) -> int:
    """The epoch that the score is of, from 1 (ties: the earlier); 0 for an empty curve."""
    if not curve or objective.which is Which.LAST:
        return len(curve)
    best = max(curve) if objective.direction is Direction.MAX else min(curve)
    return curve.index(best) + 1
