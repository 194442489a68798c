"""How much each parameter decided of the score, over the trials that were completed.

PED-ANOVA (Watanabe et al., IJCAI 2023), Optuna's implementation: a parameter matters where the
values of the best trials are distributed otherwise than those of all trials. It says how much, and
Spearman's rank correlation in which direction. Both describe these trials, not the whole space.

Optuna's importances load SciPy and scikit-learn: 90 MB and a second of CPU, when first asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core.spec.search import Direction, Integer, Parameter, Real, Scale, Search, values_key

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

MIN_TRIALS = 10
"""Below that the answer is mostly luck, and none is given."""

# The best trials are a tenth, as published, but at least so many: one trial is no distribution.
_LEAST_BEST = 4


class Scored(Protocol):
    """What is read of a trial: a record of the store has it."""

    @property
    def state(self) -> str:
        """``completed`` counts."""

    @property
    def values(self) -> Mapping[str, Any]:
        """By parameter name."""

    @property
    def score(self) -> float | None:
        """The objective."""


@dataclass(frozen=True)
class Importance:
    """``share`` of all parameters' importance, from 0 to 1; they add up to 1, unless all scores are
    equal: then nothing mattered, and all are 0.

    ``correlation`` of the value with the score, from -1 (larger values, smaller scores) to 1; None
    where values have no order or never varied. ``num_trials`` it was told from.
    """

    name: str
    share: float
    correlation: float | None
    num_trials: int


def importance(search: Search, trials: Sequence[Scored]) -> list[Importance]:
    """Every parameter, the most important first; empty with fewer than ten completed trials.

    A parameter that is not always in force counts both for being in force and for its values
    there (conditional PED-ANOVA). One that never varied has a share of 0.
    """
    # Of rounds with the same values, Hyperband's last was trained the longest.
    counted = list(
        {values_key(each.values): each for each in trials if _counts(each, search)}.values()
    )
    if len(counted) < MIN_TRIALS:
        return []
    shares = _shares(search, counted)
    found = [
        Importance(
            name=parameter.name,
            share=shares.get(parameter.name, 0.0),
            correlation=_correlation(parameter, counted),
            num_trials=sum(parameter.name in each.values for each in counted),
        )
        for parameter in search.parameters
    ]
    return sorted(found, key=lambda each: -each.share)


def _counts(trial: Scored, search: Search) -> bool:
    if trial.state != "completed" or trial.score is None or not math.isfinite(trial.score):
        return False
    # By hand a trial may have values that the search's ranges do not.
    return all(search.parameter(name).range.holds(each) for name, each in trial.values.items())


def _shares(search: Search, trials: Sequence[Scored]) -> dict[str, float]:
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if len({each.score for each in trials}) == 1:
        return {}
    larger = search.objective.direction is Direction.MAX
    study = optuna.create_study(direction="maximize" if larger else "minimize")
    varied = {each.name for each in search.parameters if _varies(each, trials)}
    study.add_trials([_frozen(search, each, varied) for each in trials])
    quantile = max(0.1, _LEAST_BEST / len(trials))
    found = get_param_importances(
        study, evaluator=PedAnovaImportanceEvaluator(target_quantile=quantile)
    )
    return {name: float(share) for name, share in found.items() if math.isfinite(share)}


def _frozen(search: Search, trial: Scored, varied: set[str]) -> FrozenTrial:
    from optuna.trial import create_trial

    values = {name: value for name, value in trial.values.items() if name in varied}
    return create_trial(
        value=trial.score,
        params=values,
        distributions={name: _distribution(search.parameter(name)) for name in values},
    )


def _distribution(parameter: Parameter) -> BaseDistribution:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    values = parameter.range
    if isinstance(values, Integer):
        return IntDistribution(values.minimum, values.maximum, log=values.scale is Scale.LOG)
    if isinstance(values, Real):
        return FloatDistribution(values.minimum, values.maximum, log=values.scale is Scale.LOG)
    return CategoricalDistribution(values.listed() or [])


def _correlation(parameter: Parameter, trials: Sequence[Scored]) -> float | None:
    """Spearman's: Pearson's correlation of the ranks, equal values sharing one."""
    pairs = [
        (each.values[parameter.name], each.score)
        for each in trials
        if parameter.name in each.values
    ]
    if len(pairs) < MIN_TRIALS or any(isinstance(value, str) for value, _ in pairs):
        return None
    values, scores = (_ranks(np.array(column, dtype=float)) for column in zip(*pairs, strict=True))
    if np.ptp(values) == 0 or np.ptp(scores) == 0:
        return None
    return float(np.corrcoef(values, scores)[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean_ranks: NDArray[np.float64] = last - (counts - 1) / 2
    return mean_ranks[inverse]


def _varies(parameter: Parameter, trials: Sequence[Scored]) -> bool:
    return len({each.values.get(parameter.name) for each in trials}) > 1
