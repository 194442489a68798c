"""The interface by which training reports its progress, without knowing of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.records.phases import Phase


@dataclass(frozen=True)
class EpochRecord:
    """One finished epoch, as stored in a checkpoint's history."""

    epoch: int
    """From 1."""
    metrics: Mapping[str, float]
    """Keras' names: ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``, ``learning_rate``.

    Also ``penalty`` with weight penalties, and ``phase`` (the segment: 1, 2) with fine-tuning.
    """
    seconds: float
    """Training time since the run's first batch, summed over attempts."""
    images: int
    """Training images seen so far."""


class Reporter(Protocol):
    """What training calls. Every method may raise StaleAttempt: the process must then end."""

    def phase(self, phase: Phase, fraction: float | None = None) -> None:
        """The trainer is now in ``phase``, of which ``fraction`` (0 to 1, if known) is done."""

    def batch(self, epoch: int, batch: int, num_batches: int, metrics: Mapping[str, float]) -> None:
        """A batch is done. Called often: implementations throttle."""

    def epoch(self, record: EpochRecord) -> None:
        """An epoch is done and its checkpoint is on disk. One transaction."""

    def restored(self, history: Sequence[EpochRecord]) -> None:
        """A checkpoint was restored: its history replaces every metric of the run."""

    def artifact(self, kind: str, path: Path, epoch: int) -> None:
        """A file, or a folder with a ``manifest.json``, is complete.

        It replaces an artifact of the same kind and path. Artifacts whose file is gone are dropped.
        """

    def note(self, sentence: str) -> None:
        """Add an event to the run's history."""

    def engine(self, name: str) -> None:
        """The engine that the run uses."""

    def should_stop(self) -> bool:
        """Whether the run was requested to stop. Fast enough to call before every batch."""
