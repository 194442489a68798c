"""What can be read from a run's history."""

from __future__ import annotations

from collections.abc import Iterable

from core.training.reporter import EpochRecord


def best_epoch(history: Iterable[EpochRecord]) -> EpochRecord | None:
    """The epoch with the highest validation accuracy (ties: the earlier); None without any."""
    return max(
        history, key=lambda record: (record.metrics["val_accuracy"], -record.epoch), default=None
    )
