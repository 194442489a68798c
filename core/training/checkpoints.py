"""Checkpoints: one folder per epoch, from which a run resumes as if it had never stopped.

    checkpoints/epoch-0007/
        weights.npz     every variable of the model: weights, batch-norm means, and the states
                        of the random generators of dropout and augmentation
        optimizer.npz   every variable of the optimiser: step, learning rate, momenta
        state.json      epoch, the whole history, patience of the rules, seconds, images
        manifest.json   sha256 of the other three

A folder appears by one rename after everything in it is on disk. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import logging
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.errors import ArtifactCorrupt
from core.files import recover_folders, sha256_of, write_folder
from core.training.history import best_epoch
from core.training.reporter import EpochRecord
from core.training.rules import Patience

FORMAT = 1
WEIGHTS, OPTIMIZER, STATE, MANIFEST = (
    "weights.npz",
    "optimizer.npz",
    "state.json",
    "manifest.json",
)
KEEP_LAST = 2
"""Checkpoints kept beside the best: if the newest is damaged, the one before it is used."""

_log = logging.getLogger(__name__)


@dataclass
class TrainingState:
    """The state of a run besides the values of its variables."""

    history: list[EpochRecord] = field(default_factory=list)
    plateau: Patience = field(default_factory=Patience)
    early_stopping: Patience = field(default_factory=Patience)
    ended_early: bool = False
    """Early stopping has ended the segment: nothing is left to train in it."""
    segment: int = 0
    """The number of the segment in training, see ``core.training.segments``."""
    segment_start: int = 0
    """Epochs that were finished when it began."""

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return len(self.history)

    def begin_segment(self, number: int) -> None:
        """The next epoch is the first of segment ``number``: its rules start with full patience."""
        self.segment, self.segment_start = number, self.epoch
        self.plateau, self.early_stopping = Patience(), Patience()
        self.ended_early = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``state.json``."""
        return {
            "format": FORMAT,
            "epoch": self.epoch,
            "history": [_record_to_dict(record) for record in self.history],
            "plateau": self.plateau.to_dict(),
            "early_stopping": self.early_stopping.to_dict(),
            "ended_early": self.ended_early,
            "phase": self.segment,
            "phase_start": self.segment_start,
        }

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> TrainingState:
        """Read back what ``to_dict`` gave."""
        if raw["format"] != FORMAT:
            raise ValueError(f"checkpoint format {raw['format']}, expected {FORMAT}")
        return cls(
            history=[EpochRecord(**record) for record in raw["history"]],
            plateau=Patience.from_dict(raw["plateau"]),
            early_stopping=Patience.from_dict(raw["early_stopping"]),
            ended_early=raw["ended_early"],
            # The first checkpoints had no such keys: their runs had one segment.
            segment=raw.get("phase", 0),
            segment_start=raw.get("phase_start", 0),
        )


def _keep_segment(segment: int) -> None:
    """For models that train in one segment only."""


def save(folder: Path, model: keras.Model, state: TrainingState) -> Path:
    """Write the checkpoint of ``state.epoch`` under ``folder``, then drop those not needed.

    The best one stays, so that the best model can always be restored.
    """
    path = _path(folder, state.epoch)

    def write(temporary: Path) -> None:
        _write(temporary / WEIGHTS, model.variables)
        _write(temporary / OPTIMIZER, model.optimizer.variables)
        (temporary / STATE).write_text(json.dumps(state.to_dict()), encoding="utf-8")
        sums = {name: sha256_of(temporary / name) for name in (WEIGHTS, OPTIMIZER, STATE)}
        manifest = {"format": FORMAT, "epoch": state.epoch, "sha256": sums}
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")

    write_folder(path, write)
    _drop_old(folder, state.history)
    return path


def restore_newest(
    folder: Path, model: keras.Model, start_segment: Callable[[int], None] = _keep_segment
) -> TrainingState | None:
    """Load the newest checkpoint that is undamaged into model and optimiser; None without one.

    A damaged one is skipped with a warning; the epochs after the restored one are then trained
    again. ``start_segment`` as for ``restore``. Only the run's trainer may call this: it also
    finishes a replacement that a killed trainer left half done.
    """
    recover_folders(folder)
    for epoch in sorted(_epochs(folder), reverse=True):
        try:
            return restore(folder, model, epoch, start_segment)
        except ArtifactCorrupt as error:
            _log.warning("%s Going back to the checkpoint before it.", error)
    return None


def restore(
    folder: Path,
    model: keras.Model,
    epoch: int,
    start_segment: Callable[[int], None] = _keep_segment,
) -> TrainingState:
    """Load one checkpoint; ArtifactCorrupt when it is missing, damaged or of another model.

    ``start_segment`` is called with the checkpoint's segment before the optimiser is read, so that
    the model has that segment's optimiser.
    """
    path = _path(folder, epoch)
    with _verified(path):
        state = TrainingState.from_dict(json.loads((path / STATE).read_text(encoding="utf-8")))
        weights = _read(path / WEIGHTS, model.variables)
        start_segment(state.segment)
        model.optimizer.build(model.trainable_variables)
        optimizer = _read(path / OPTIMIZER, model.optimizer.variables)
    _assign([*weights, *optimizer])
    return state


def restore_weights(folder: Path, model: keras.Model, epoch: int) -> None:
    """Load the model of one checkpoint, without the optimiser. Raises as ``restore``."""
    path = _path(folder, epoch)
    with _verified(path):
        weights = _read(path / WEIGHTS, model.variables)
    _assign(weights)


@contextmanager
def _verified(path: Path) -> Iterator[None]:
    """Compare the checksums, then raise every error of reading in the block as ArtifactCorrupt."""
    try:
        _verify(path)
        yield
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ArtifactCorrupt(f"The checkpoint {path.name} cannot be used ({error}).") from error


def _assign(pairs: Sequence[tuple[Any, NDArray[Any]]]) -> None:
    for variable, value in pairs:
        variable.assign(value)


def _path(folder: Path, epoch: int) -> Path:
    return folder / f"epoch-{epoch:04d}"


def _epochs(folder: Path) -> Iterator[int]:
    for path in folder.glob("epoch-*"):
        number = path.name.removeprefix("epoch-")
        if number.isdecimal():
            yield int(number)


def _drop_old(folder: Path, history: Sequence[EpochRecord]) -> None:
    newest = len(history)
    keep = {newest - n for n in range(KEEP_LAST)}
    # Also the best up to each of the last: any of them can be restored, and needs its best model.
    bests = (best_epoch(history[: newest - n]) for n in range(KEEP_LAST))
    keep |= {best.epoch for best in bests if best is not None}
    for epoch in _epochs(folder):
        # Later ones were written before a damaged checkpoint was skipped: they are trained again.
        if epoch not in keep:
            shutil.rmtree(_path(folder, epoch))


def _write(path: Path, variables: Sequence[Any]) -> None:
    values: dict[str, Any] = {
        f"{i:05d}": keras.ops.convert_to_numpy(v) for i, v in enumerate(variables)
    }
    np.savez(path, allow_pickle=False, **values)


def _read(path: Path, variables: Sequence[Any]) -> list[tuple[Any, NDArray[Any]]]:
    """Values in the order in which they were saved; ValueError when they do not fit."""
    with np.load(path, allow_pickle=False) as saved:
        if len(saved.files) != len(variables):
            raise ValueError(f"{len(saved.files)} variables, expected {len(variables)}")
        pairs = [(v, saved[f"{i:05d}"]) for i, v in enumerate(variables)]
    for variable, value in pairs:
        if tuple(variable.shape) != value.shape:
            raise ValueError(f"{variable.path} is {value.shape}, expected {variable.shape}")
    return pairs


def _verify(path: Path) -> None:
    manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    for name in (WEIGHTS, OPTIMIZER, STATE):
        if manifest["sha256"][name] != sha256_of(path / name):
            raise ValueError(f"{name} does not match its manifest")


def _record_to_dict(record: EpochRecord) -> dict[str, Any]:
    return {
        "epoch": record.epoch,
        "metrics": dict(record.metrics),
        "seconds": record.seconds,
        "images": record.images,
    }
