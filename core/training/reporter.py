"""How training tells the world what happens, without knowing who listens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.records.phases import Phase


@dataclass(frozen=True)
class EpochRecord:
    """One finished epoch as the checkpoint's history keeps it."""

    epoch: int
    """From 1."""
    metrics: Mapping[str, float]
    """Keras' names: ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``, ``learning_rate``.

    Also ``penalty`` where weights are penalised, and ``phase`` (1, 2) where there is fine-tuning.
    """
    seconds: float
    """Training time since the run's first batch, summed over attempts."""
    images: int
    """Training images seen so far."""


class Reporter(Protocol):
    """What a trainer calls. Every method may raise StaleAttempt: the process must then end."""

    def phase(self, phase: Phase, fraction: float | None = None) -> None:
        """The trainer is now in ``phase``; ``fraction`` of it, 0 to 1, is done where known."""

    def batch(self, epoch: int, batch: int, num_batches: int, metrics: Mapping[str, float]) -> None:
        """A batch is done. Called often: implementations throttle."""

    def epoch(self, record: EpochRecord) -> None:
        """An epoch is done and its checkpoint is on disk. One transaction."""

    def restored(self, history: Sequence[EpochRecord]) -> None:
        """A checkpoint was restored: its history replaces every metric of the run."""

    def artifact(self, kind: str, path: Path, epoch: int) -> None:
        """A file, or a folder with a ``manifest.json``, is complete.

        An artifact of the same kind and path is replaced; those that are gone are forgotten.
        """

    def note(self, sentence: str) -> None:
        """Something worth telling happened: kept among the run's events."""

    def engine(self, name: str) -> None:
        """The Keras backend that really runs."""

    def should_stop(self) -> bool:
        """Whether somebody asked the run to stop. Cheap enough to ask after every batch."""
