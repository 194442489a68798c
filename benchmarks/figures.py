"""A measured figure, what was asked of it, and whether it holds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class NotMeasured(Exception):
    """Why something cannot be measured here, in one sentence."""


@dataclass(frozen=True)
class Bound:
    """What was asked: at least or at most a value, in the figure's unit."""

    relation: Literal["at least", "at most"]
    value: float

    def holds(self, value: float) -> bool:
        """Whether a measured value keeps the promise."""
        return value >= self.value if self.relation == "at least" else value <= self.value


def at_least(value: float) -> Bound:
    """A lower bound."""
    return Bound("at least", value)


def at_most(value: float) -> Bound:
    """An upper bound."""
    return Bound("at most", value)


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``values`` are single measurements; their median counts."""

    what: str
    values: Sequence[float]
    unit: str = ""
    bound: Bound | None = None
    note: str = ""

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        """``pass``, ``miss``, or a dash where nothing was asked."""
        if self.bound is None:
            return "-"
        return "pass" if self.bound.holds(self.value) else "**miss**"


@dataclass(frozen=True)
class Size:
    """How much is measured: enough for a figure, or just enough to see that it works."""

    dataset: str = "cifar10"
    train_size: int = 6000
    epochs: int = 3
    """Of a timed training; the first is warm-up and does not count."""
    rounds: int = 3
    """How often each thing is started again."""
    repeats: int = 30
    """How often what takes milliseconds is done."""
    num_runs: int = 2000
    chart_runs: int = 8
    chart_epochs: int = 300
    trials: int = 3
    """Of a timed search."""
    search_epochs: int = 8
    search_rounds: int = 1
    page_trials: int = 500
    """Of a search whose page is drawn."""
    page_epochs: int = 20


FULL = Size()
TINY = Size("digits", 1000, 3, 1, 2, 20, 2, 5, 2, 2, 1, 12, 3)
