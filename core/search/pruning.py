"""Pruning by the median rule: stop a trial whose score is behind the others' at the same epoch.

As in Google Vizier (Golovin et al. 2017, section 3.2.2) and Optuna's ``PercentilePruner``: the
best value of the trial is compared with the best values of the others up to that epoch. The rule
compares curves, so it can stop trials that start slowly: small learning rates, strong
regularisation. The three settings differ in that risk:

============  ==============================  =============  ==============
setting       stops below the                 first judged   others needed
============  ==============================  =============  ==============
gentle        lower quarter of the others     after 5        8
standard      median of the others            after 3        5
aggressive    upper third of the others       after 1        3
============  ==============================  =============  ==============

(epochs, and other trials that have reached that epoch). A trial with several seeds is judged by the
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
    """A trial below ``percentile`` of the others is pruned: 0 is the worst, 100 the best."""

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
    """Whether to stop a trial now.

    ``curve`` is the objective after each epoch, from the first; ``others`` are the curves of the
    other trials, ended and running. A tie is no reason to stop. NaN counts as the worst value.
    """
    rule = RULES.get(pruning)
    epoch = len(curve)
    if rule is None or epoch < rule.warmup_epochs:
        return False
    reached = [_best(other[:epoch], direction) for other in others if len(other) >= epoch]
    if len(reached) < rule.min_trials:
        return False
    # "lower", because a linear interpolation between infinities is NaN.
    bar = float(np.percentile(reached, rule.percentile, method="lower"))
    return _best(curve, direction) < bar


def _best(curve: Sequence[float], direction: Direction) -> float:
    """The best value, turned so that more is better."""
    sign = 1.0 if direction is Direction.MAX else -1.0
    return max((sign * value for value in curve if not math.isnan(value)), default=-math.inf)
