"""The scores of a run by epoch and split, and its overfit gap in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from dashboard.shared.text import percent

SMALL_GAP, CLEAR_GAP, LARGE_GAP = 0.02, 0.05, 0.15
"""Limits of training minus validation accuracy for the wording. They are rules of thumb."""


@dataclass(frozen=True)
class Epoch:
    """One finished epoch: its values by ``split name``, for instance ``validation loss``."""

    number: int
    values: Mapping[str, float]
    seconds: float
    """Training time from the first batch to the end of this epoch."""

    def value(self, split: str, name: str) -> float | None:
        """A value; None where the epoch has none."""
        return self.values.get(f"{split} {name}")

    @property
    def gap(self) -> float | None:
        """Training minus validation accuracy."""
        train, validation = self.value("train", "accuracy"), self.value("validation", "accuracy")
        if train is None or validation is None or not math.isfinite(train - validation):
            return None
        return train - validation


def epochs(metrics: pd.DataFrame, run_id: str) -> dict[int, Epoch]:
    """A run's finished epochs by number, in order, without test scores."""
    mine = metrics[(metrics["run_id"] == run_id) & (metrics["split"] != "test")]
    columns = [mine[name].tolist() for name in ("epoch", "split", "name", "value", "seconds")]
    values: dict[int, dict[str, float]] = {}
    ends: dict[int, float] = {}
    for epoch, split, name, value, seconds in zip(*columns, strict=True):
        values.setdefault(epoch, {})[f"{split} {name}"] = value
        ends[epoch] = seconds
    return {epoch: Epoch(epoch, values[epoch], ends[epoch]) for epoch in sorted(values)}


def seconds_per_epoch(done: Mapping[int, Epoch]) -> float | None:
    """The median seconds per epoch, without the first (which also compiles) if there are more."""
    ends = [epoch.seconds for epoch in done.values()]
    if not ends:
        return None
    took = [later - earlier for earlier, later in pairwise(ends)] or ends
    return sorted(took)[len(took) // 2]


def gap_in_words(epoch: Epoch) -> str:
    """What the gap between training and validation accuracy means, in one sentence."""
    gap = epoch.gap
    if gap is None:
        return "No overfit gap yet: it needs training and validation accuracy of one epoch."
    train = percent(epoch.value("train", "accuracy"))
    validation = percent(epoch.value("validation", "accuracy"))
    figures = f"training {train}, validation {validation} in epoch {epoch.number}"
    points = f"{abs(100 * gap):.1f} points"
    if gap <= -SMALL_GAP:
        return (
            f"Validation is {points} above training ({figures}). This is usual in early "
            "epochs, and with dropout or augmentation, which act in training only."
        )
    if gap < SMALL_GAP:
        return f"No overfitting visible: the gap is {points} ({figures})."
    if gap < CLEAR_GAP:
        return f"Overfits slightly: training is {points} ahead ({figures})."
    if gap < LARGE_GAP:
        return (
            f"Overfits: training is {points} ahead ({figures}). "
            "More dropout, L2 or augmentation may help."
        )
    return (
        f"Overfits strongly: training is {points} ahead ({figures}). The model memorises its "
        "training images; try dropout, L2, augmentation or more images."
    )
