"""Trials as points of charts, and the scale of each hyperparameter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dashboard.charts import palette
from dashboard.charts.labels import inert

Value = str | int | float | bool | None
Direction = Literal["max", "min"]

SCORE_SCALE = [[0.0, palette.COLOURS[1]], [1.0, palette.COLOURS[0]]]
"""From the worst score (orange) to the best (blue)."""

STATE_WORDS = {
    "queued": "queued",
    "running": "running",
    "completed": "completed",
    "pruned": "pruned",
    "stopped": "stopped manually",
    "failed": "failed",
}


@dataclass(frozen=True)
class Point:
    """One trial in a chart."""

    number: int
    state: str
    """A key of ``STATE_WORDS``."""
    score: float | None
    values: Mapping[str, Value]
    """By the hyperparameter's name; missing if its condition does not hold."""
    ended_s: float | None = None
    """Seconds from the search's start to the trial's end; None while it runs."""

    @property
    def is_over(self) -> bool:
        """Whether the trial is completed with a score; pruned ones have scores of fewer epochs."""
        return self.state == "completed" and is_number(self.score)


@dataclass(frozen=True)
class Scale:
    """The scale of one hyperparameter's values."""

    name: str
    kind: Literal["linear", "log", "category"]
    low: float = 0.0
    high: float = 1.0
    values: tuple[Value, ...] = ()
    """The values of a category, in order."""
    integer: bool = False

    def coordinate(self, value: Value) -> float | None:
        """The value itself, or a category's index; None for values off the scale."""
        if self.kind == "category":
            found = [index for index, each in enumerate(self.values) if same(each, value)]
            return float(found[0]) if found else None
        return float(value) if isinstance(value, int | float) else None

    def place(self, value: Value) -> float | None:
        """The place between 0 (lowest value) and 1; None for values off the scale."""
        at = self.coordinate(value)
        if at is None:
            return None
        low, high = self._ends()
        if self.kind == "log":
            if at <= 0:
                return None
            at, low, high = math.log(at), math.log(low), math.log(high)
        return 0.5 if high == low else (at - low) / (high - low)

    def ticks(self, count: int = 5) -> list[tuple[float, str]]:
        """Places between 0 and 1, each with its text."""
        if self.kind == "category":
            return [(self.place(each) or 0.0, shown(each)) for each in self.values]
        places = [step / (count - 1) for step in range(count)]
        return [(place, shown(self._rounded(self._at(place)))) for place in places]

    def axis(self) -> dict[str, Any]:
        """The scale as a Plotly axis."""
        title = {"text": inert(self.name)}
        if self.kind == "category":
            texts = [inert(shown(each)) for each in self.values]
            last = len(self.values) - 1
            return {
                "title": title,
                "tickvals": list(range(len(texts))),
                "ticktext": texts,
                "range": [-0.5, last + 0.5],
            }
        return {"title": title, "type": self.kind, "exponentformat": "power"}

    def grid(self, count: int) -> list[float]:
        """``count`` coordinates from end to end, or every category."""
        if self.kind == "category":
            return [float(index) for index in range(len(self.values))]
        return [self._at(step / (count - 1)) for step in range(count)]

    def _ends(self) -> tuple[float, float]:
        return (
            (0.0, float(len(self.values) - 1))
            if self.kind == "category"
            else (
                self.low,
                self.high,
            )
        )

    def _at(self, place: float) -> float:
        if self.kind == "log":
            return float(self.low * (self.high / self.low) ** place)
        return self.low + place * (self.high - self.low)

    def _rounded(self, value: float) -> float:
        return round(value) if self.integer else value


def is_number(value: object) -> bool:
    """Whether a score is a finite number."""
    return isinstance(value, int | float) and math.isfinite(value)


def same(one: Value, other: Value) -> bool:
    """Whether values are equal and of one kind: True is not 1 here."""
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def shown(value: Value) -> str:
    """A value in a few characters."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def in_words(values: Mapping[str, Value]) -> str:
    """``dropout 0.3, learning_rate 0.001``."""
    return ", ".join(f"{name} {shown(value)}" for name, value in values.items())


def best_of(points: Sequence[Point], direction: Direction) -> Point | None:
    """The completed trial with the best score; among equals, the earlier one."""
    over = [point for point in points if point.is_over]
    if not over:
        return None
    sign = -1 if direction == "max" else 1
    return min(over, key=lambda point: (sign * (point.score or 0.0), point.number))


def extremes(points: Sequence[Point]) -> tuple[float, float] | None:
    """The lowest and the highest score; None without scores."""
    scores = [point.score for point in points if point.score is not None and is_number(point.score)]
    return (min(scores), max(scores)) if scores else None


def goodness(score: float | None, ends: tuple[float, float] | None, direction: Direction) -> float:
    """0 for the worst score to 1 for the best; 0 without a score."""
    if score is None or ends is None or not is_number(score):
        return 0.0
    share = 1.0 if ends[0] == ends[1] else (score - ends[0]) / (ends[1] - ends[0])
    return share if direction == "max" else 1.0 - share
