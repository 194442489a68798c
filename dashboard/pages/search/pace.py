"""How far a search is and how long it will take: from the trials that it has already had."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """What is left of a search. None: not known yet."""

    trials_left: int
    """At most: a small space may be exhausted before."""
    seconds_left: float | None
    hours_left: float | None
    """Of the budget's hours; None without such a limit."""


def pace(
    took: Sequence[float],
    *,
    num_done: int,
    max_trials: int,
    num_running: int,
    running_for_s: float,
    parallel: int,
    hours: float | None,
    spent_s: float,
) -> Pace:
    """The trials to come, at the median pace of those that ended, within the budget of time.

    ``took`` are the seconds of ended trials, ``running_for_s`` those that the trials at work
    have behind them, all together; ``spent_s`` is what counts against ``hours``.
    """
    left = max(0, max_trials - num_done)
    budget_left = None if hours is None else max(0.0, 3600 * hours - spent_s)
    hours_left = None if budget_left is None else budget_left / 3600
    if not took:
        return Pace(left, None if left else 0.0, hours_left)
    each = statistics.median(took)
    begun = min(running_for_s, each * min(num_running, left))
    seconds = max(0.0, each * left - begun) / max(1, min(parallel, max(left, 1)))
    if budget_left is not None:
        seconds = min(seconds, budget_left)
    return Pace(left, seconds if math.isfinite(seconds) else None, hours_left)
