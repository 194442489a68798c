"""The learning rate at every step, as one formula for NumPy and Keras.

Light: no Keras in here, so that a form can plot the curve that training will follow.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from core.spec.experiment import Experiment
from core.spec.training import (
    ConstantSchedule,
    CosineSchedule,
    OneCycleSchedule,
    StepSchedule,
    Training,
)
from core.training.segments import segments_of

ONE_CYCLE_END = 1e-3
"""Last rate of a one-cycle schedule as a share of its peak: too small to move the weights."""


class ArrayOperations(Protocol):
    """The operations of the formula, which the modules ``numpy`` and ``keras.ops`` both have."""

    def cos(self, x: Any) -> Any:
        """Cosine of radians."""

    def floor(self, x: Any) -> Any:
        """Largest whole number that is not above ``x``."""

    def clip(self, x: Any, low: float, high: float) -> Any:
        """``x`` within bounds."""

    def power(self, base: Any, exponent: Any) -> Any:
        """``base`` to the ``exponent``."""

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        """``yes`` where the condition holds, else ``no``."""


def rate_at(training: Training, steps_per_epoch: int, step: int) -> float:
    """Learning rate of a step, from 0, without the reductions of ReduceOnPlateau."""
    return float(rate(training, steps_per_epoch, float(step), np))


def rates_by_epoch(experiment: Experiment, steps_per_epoch: int) -> list[float]:
    """Learning rate of the last step of each epoch, of all segments in their order."""
    return [
        rate_at(segment.training, steps_per_epoch, epoch * steps_per_epoch - 1)
        for segment in segments_of(experiment)
        for epoch in range(1, segment.training.epochs + 1)
    ]


def rate(training: Training, steps_per_epoch: int, step: Any, ops: ArrayOperations) -> Any:
    """The same for any array library; ``step`` is a float of that library.

    Warm-up multiplies the schedule by a line that reaches 1 at its last step. The cosine
    starts where warm-up ends; the other schedules count from the first step.
    """
    total = training.epochs * steps_per_epoch
    warmup = round(training.warmup_epochs * steps_per_epoch)
    share = _share(training, steps_per_epoch, total, warmup, step, ops)
    if warmup:
        share = share * ops.clip((step + 1.0) / warmup, 0.0, 1.0)
    return training.learning_rate * share


def _share(
    training: Training,
    steps_per_epoch: int,
    total: int,
    warmup: int,
    step: Any,
    ops: ArrayOperations,
) -> Any:
    match training.schedule:
        case ConstantSchedule():
            return 1.0
        case StepSchedule(factor=factor, every_epochs=every):
            return ops.power(factor, ops.floor(step / float(every * steps_per_epoch)))
        case CosineSchedule(final_share=final):
            done = ops.clip((step - warmup) / max(total - warmup - 1, 1), 0.0, 1.0)
            return final + (1.0 - final) * _half_cosine(done, ops)
        case OneCycleSchedule(rise_share=rise, start_share=start):
            # Smith & Topin 2018 (https://arxiv.org/abs/1708.07120), both sides as half cosines.
            peak = max(rise * (total - 1), 1.0)
            up = start + (1.0 - start) * (1.0 - _half_cosine(ops.clip(step / peak, 0.0, 1.0), ops))
            done = ops.clip((step - peak) / max(total - 1 - peak, 1.0), 0.0, 1.0)
            down = ONE_CYCLE_END + (1.0 - ONE_CYCLE_END) * _half_cosine(done, ops)
            return ops.where(step < peak, up, down)


def _half_cosine(done: Any, ops: ArrayOperations) -> Any:
    """1 at 0, 0 at 1, along half a cosine."""
    return 0.5 * (1.0 + ops.cos(math.pi * done))
