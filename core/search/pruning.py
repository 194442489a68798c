"""The median rule: a trial that trails behind the others at the same epoch is stopped.

As in Google Vizier (Golovin et al. 2017, section 3.2.2) and Optuna's ``PercentilePruner``: the
best value that the trial has reached is held against the best values that the others had reached
by that epoch. It compares curves, so it can be wrong about slow starters: small learning rates,
strong regularisation. The three settings differ in how much of that they risk:

============  ==============================  =============  ==============
setting       stops below the                 first judged   others needed
============  ==============================  =============  ==============
gentle        lower quarter of the others     after 5        8
standard      median of the others            after 3        5
aggressive    upper third of the others       after 1        3
============  ==============================  =============  ==============

(epochs, and other trials that have come as far). Seeds of a trial are judged together, by the
mean of their curves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.spec.search import Direction, Pruning


@dataclass(frozen=True)
class Rule:
    """``percentile`` of the others that must be reached, from 0 (the worst) to 100 (the best)."""

    percentile: float
    warmup_epochs: int
    min_trials: int


RULES = {
    Pruning.GENTLE: Rule(percentile=25.0, warmup_epochs=5, min_trials=8),
    Pruning.STANDARD: Rule(percentile=50.0, warmup_epochs=3, min_trials=5),
    Pruning.AGGRESSIVE: Rule(percentile=200 / 3, warmup_epochs=1, min_trials=3),
}


def should_prune(
    curve: Sequence[float],
    others: Sequence[Sequence[float]],
    pruning: Pruning,
    direction: Direction,
) -> bool:
    """Whether a trial is to be stopped now.

    ``curve`` has the objective after each epoch, the first one's first; ``others`` the same of
    the other trials, ended and running ones. A tie goes on, and so does whatever is not known:
    NaN counts as the worst value there is.
    """
    rule = RULES.get(pruning)
    epoch = len(curve)
    if rule is None or epoch < rule.warmup_epochs:
        return False
    reached = [_best(other[:epoch], direction) for other in others if len(other) >= epoch]
    if len(reached) < rule.min_trials:
        return False
    # Linear interpolation between infinities is NaN: an actual value is taken instead.
    bar = float(np.percentile(reached, rule.percentile, method="lower"))
    return _best(curve, direction) < bar


def _best(curve: Sequence[float], direction: Direction) -> float:
    """The best value, turned so that more is better."""
    sign = 1.0 if direction is Direction.MAX else -1.0
    return max((sign * value for value in curve if not math.isnan(value)), default=-math.inf)
