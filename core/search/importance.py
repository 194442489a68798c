"""How much each hyperparameter affected the score, over the completed trials of a search.

Computed by PED-ANOVA (Watanabe et al., IJCAI 2023) in Optuna's implementation: a hyperparameter is
important if its values in the best trials are distributed differently from those in all trials.
Spearman's rank correlation gives the direction. Both describe these trials, not the whole space.

Optuna's evaluators load SciPy and scikit-learn on first use: 90 MB and a second of CPU.
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
"""With fewer completed trials the importance would be mostly chance, and is not computed."""

# The best trials are a tenth, as in the paper, but at least so many: one is no distribution.
_LEAST_BEST = 4


class Scored(Protocol):
    """The fields of a trial that importance needs; the store's records have them."""

    @property
    def state(self) -> str:
        """Only trials in the state ``completed`` count."""

    @property
    def values(self) -> Mapping[str, Any]:
        """By parameter name."""

    @property
    def score(self) -> float | None:
        """The objective."""


@dataclass(frozen=True)
class Importance:
    """The importance of one hyperparameter.

    ``share``: of all hyperparameters' importance. Shares add up to 1, or are all 0 if all scores
    are equal. ``correlation`` of the value with the score, from -1 (larger values, smaller scores)
    to 1; None if values have no order or did not vary. ``num_trials``: the trials that it was
    computed from.
    """

    name: str
    share: float
    correlation: float | None
    num_trials: int


def importance(search: Search, trials: Sequence[Scored]) -> list[Importance]:
    """Every hyperparameter, the most important first; empty with fewer than ten completed trials.

    A hyperparameter with a condition counts for being in force and for its values
    (conditional PED-ANOVA). One that did not vary has a share of 0.
    """
    # Hyperband trains the same values in several rounds: the last one is trained the longest.
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
    # A trial that a person made may have values outside the search's ranges.
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
