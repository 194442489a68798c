"""How much work a search plans: trials, and epochs in all."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.spec.search.spec import Budget, Hyperband, Search
from core.spec.search.values import num_combinations


@dataclass(frozen=True)
class Round:
    """One round of a bracket: how many trials, from which epoch to which."""

    bracket: int
    number: int
    trials: int
    initial_epoch: int
    epochs: int


def hyperband_rounds(algorithm: Hyperband) -> list[Round]:
    """One iteration's rounds, in order, with Keras Tuner's own sizes.

    Li et al., Hyperband, JMLR 18 (2018); sizes as in ``keras_tuner.oracles.HyperbandOracle``:
    bracket b starts with ceil(s / (b + 1) * factor^b) trials, s = ceil(1 + log(max_epochs)).
    """
    epochs, factor = algorithm.max_epochs, algorithm.factor
    smallest = math.ceil(1 + math.log(epochs, factor))
    rounds = []
    for bracket in reversed(range(_num_brackets(epochs, factor))):
        reached = 0
        for number in range(bracket + 1):
            trials = math.ceil(smallest / (bracket + 1) * factor ** (bracket - number))
            until = math.ceil(epochs / factor ** (bracket - number))
            rounds.append(Round(bracket, number, trials, reached, until))
            reached = until
    return rounds


def planned_trials(search: Search, budget: Budget | None = None) -> int:
    """How many trials there will be, if none fails and no limit of time ends it."""
    most = (budget or search.budget).max_trials
    if isinstance(search.algorithm, Hyperband):
        every = sum(each.trials for each in hyperband_rounds(search.algorithm))
        return min(most, every * search.algorithm.iterations)
    total = num_combinations(search)
    return most if total is None else min(most, total)


def planned_epochs(search: Search, budget: Budget | None = None) -> int:
    """How many epochs these trials train in all, seeds included, if none ends early."""
    limits = budget or search.budget
    trials = planned_trials(search, limits)
    if not isinstance(search.algorithm, Hyperband):
        each = limits.epochs or search.base.total_epochs
        return trials * each * len(search.seeds)
    epochs, left = 0, trials
    for part in hyperband_rounds(search.algorithm) * search.algorithm.iterations:
        epochs += min(left, part.trials) * (part.epochs - part.initial_epoch)
        left -= min(left, part.trials)
    return epochs * len(search.seeds)


def _num_brackets(epochs: int, factor: int) -> int:
    # In floats and by repeated division, as Keras Tuner counts them.
    left, brackets = float(epochs), 0
    while left >= 1:
        left /= factor
        brackets += 1
    return brackets
