"""The best model so far, on disk in two forms: Keras' own, and LiteRT for fast predictions.

    best/best.keras    the model without its optimiser
    best/meta.json     epoch, validation scores, class names, sha256 of the file

Each file is replaced whole. Between the two replacements the sha256 does not match: a reader
then reads again.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from core.files import sha256_of, write_file
from core.models.saved_model import Architecture, build_in_32_bits
from core.records.phases import Phase
from core.training import litert
from core.training.reporter import EpochRecord, Reporter

Statistics = tuple[Sequence[float] | None, Sequence[float] | None]

FILE, META = "best.keras", "meta.json"
EXPORT_SHARE = 0.03
"""The share of a run's time that LiteRT exports may take before its end."""

_log = logging.getLogger(__name__)


def model_file(folder: Path) -> Path:
    """The file of the best model in a run's folder."""
    return folder / "best" / FILE


def saved_epoch(folder: Path) -> int | None:
    """The epoch of the best model in a run's folder; None if it is missing or damaged."""
    return _epoch_of(folder / "best" / META, model_file(folder))


def inference_model(model: keras.Model, build_copy: Callable[[], keras.Model]) -> keras.Model:
    """The same model without its optimiser, in 32 bits.

    In 32 bits Keras and LiteRT give the same numbers, and LiteRT has no 16-bit kernels for CPUs.
    ``build_copy`` builds a 32-bit model to take the weights of one that trains in 16 bits: Keras
    cannot clone the user's own layers.
    """
    if all(layer.compute_dtype == "float32" for layer in model.layers):
        # The new model shares the layers: nothing is copied.
        return keras.Model(model.inputs, model.outputs, name=model.name)
    copy = build_copy()
    copy.set_weights(model.get_weights())
    return copy


class BestModel:
    """Keeps ``best/`` and ``litert/`` of a run's folder up to date with its best epoch.

    Without ``exports`` only ``best/``: predictions then use Keras, which is slower.
    """

    def __init__(
        self,
        folder: Path,
        classes: Sequence[str],
        reporter: Reporter,
        architecture: Architecture,
        *,
        statistics: Statistics = (None, None),
        exports: bool = True,
    ) -> None:
        """``statistics``: mean and std of the dataset per channel, 0..1."""
        self._architecture, self._statistics = architecture, statistics
        self._copy: keras.Model | None = None
        self._folder = folder
        self._exports = exports
        self._best = folder / "best"
        self._litert = folder / "litert"
        self._classes = classes
        self._reporter = reporter
        self._export_s = 0.0

    @property
    def saved_epoch(self) -> int | None:
        """The epoch of the model on disk; None if it is missing or damaged."""
        return saved_epoch(self._folder)

    def save(self, model: keras.Model, record: EpochRecord) -> None:
        """Replace the model on disk by this one, and its LiteRT file if time allows."""
        saved = inference_model(model, self._build_copy)
        target = self._best / FILE
        write_file(target, saved.save)
        meta = {
            "epoch": record.epoch,
            "val_accuracy": record.metrics["val_accuracy"],
            "val_loss": record.metrics["val_loss"],
            "class_names": list(self._classes),
            "sha256": sha256_of(target),
        }
        write_file(self._best / META, lambda path: _write_json(path, meta))
        self._reporter.artifact("best_model", target, record.epoch)
        if self._is_affordable(record.seconds):
            self._export(saved, record.epoch)

    def finish(self) -> None:
        """Export the best model if the last export was of an earlier one."""
        epoch = self.saved_epoch
        if self._exports and epoch is not None and epoch != self._exported_epoch:
            self._export(None, epoch)

    def _build_copy(self) -> keras.Model:
        if self._copy is None:
            self._copy = build_in_32_bits(self._architecture, *self._statistics)
        return self._copy

    @property
    def _exported_epoch(self) -> int | None:
        return _epoch_of(self._litert / litert.META, self._litert / litert.FILE)

    def _is_affordable(self, seconds: float) -> bool:
        # The first export of an attempt is always made: predictions then work after one epoch.
        return self._exports and self._export_s < EXPORT_SHARE * seconds

    def _export(self, model: keras.Model | None, epoch: int) -> None:
        self._reporter.phase(Phase.EXPORTING)
        started = time.monotonic()
        path = litert.export(
            self._architecture,
            self._best / FILE,
            model,
            self._litert,
            epoch=epoch,
            classes=self._classes,
        )
        self._export_s += time.monotonic() - started
        if path is not None:
            self._reporter.artifact("litert", path, epoch)


def _epoch_of(meta: Path, file: Path) -> int | None:
    try:
        raw = json.loads(meta.read_text(encoding="utf-8"))
        epoch, expected = int(raw["epoch"]), raw["sha256"]
        found = sha256_of(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("%s is damaged and will be written again: %s", meta, error)
        return None
    return epoch if found == expected else None


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
