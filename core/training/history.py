"""What a training leaves to read: its best epoch and how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.training.reporter import EpochRecord


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended without a failure."""

    epochs: int
    """Finished epochs, over all attempts."""
    best: EpochRecord | None
    """The epoch with the highest validation accuracy (ties: the earlier); None before the first."""
    stopped: bool
    """Whether a stop request ended it before its last epoch."""


def best_epoch(history: Iterable[EpochRecord]) -> EpochRecord | None:
    """The epoch with the highest validation accuracy (ties: the earlier); None without any."""
    return max(
        history, key=lambda record: (record.metrics["val_accuracy"], -record.epoch), default=None
    )
