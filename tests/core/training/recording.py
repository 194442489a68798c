"""A reporter that records every call, and can request a stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.records.phases import Phase
from core.training.reporter import EpochRecord


class Recorder:
    """Keeps the history as a store would. Requests a stop after ``stop_after`` checks."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.history: list[EpochRecord] = []
        self.batches: list[tuple[int, int, int]] = []
        self.artifacts: list[tuple[str, Path, int]] = []
        self.phases: list[Phase] = []
        self.notes: list[str] = []
        self.engine_name = ""
        self.restored_epochs: int | None = None
        self.stop_checks = 0
        self._stop_after = stop_after

    def phase(self, phase: Phase, fraction: float | None = None) -> None:
        self.phases.append(phase)

    def batch(self, epoch: int, batch: int, num_batches: int, metrics: Mapping[str, float]) -> None:
        self.batches.append((epoch, batch, num_batches))

    def epoch(self, record: EpochRecord) -> None:
        self.history.append(record)

    def restored(self, history: Sequence[EpochRecord]) -> None:
        self.history = list(history)
        self.restored_epochs = len(history)

    def artifact(self, kind: str, path: Path, epoch: int) -> None:
        assert path.is_file() or (path / "manifest.json").is_file()
        self.artifacts.append((kind, path, epoch))

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def engine(self, name: str) -> None:
        self.engine_name = name

    def should_stop(self) -> bool:
        self.stop_checks += 1
        return self._stop_after is not None and self.stop_checks > self._stop_after

    @property
    def metrics(self) -> list[dict[str, float]]:
        """Every epoch's metrics, without the times, which no two runs share."""
        return [{"images": record.images, **record.metrics} for record in self.history]
