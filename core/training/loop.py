"""The callback around Keras' ``fit``: order of images, stopping, checks, checkpoint, report."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from core.records.phases import Phase
from core.training import checkpoints
from core.training.batches import Batches
from core.training.best_model import BestModel
from core.training.checkpoints import TrainingState
from core.training.failures import nan_loss
from core.training.history import best_epoch
from core.training.rates import rate_at
from core.training.reporter import EpochRecord, Reporter
from core.training.rules import reduced_rate, should_end
from core.training.segments import TrainingSegment


class StopRequested(Exception):
    """The run was requested to stop. Leaves ``fit`` between two batches."""


class EpochLoop(keras.callbacks.Callback):
    """Updates ``state`` after every epoch, checkpoints it and then reports it.

    ``whole_model`` is saved; ``fit`` may train only its head (see ``features``). Both have the
    same optimiser. A stop or a failure leaves ``fit`` as an exception: the unfinished epoch is
    discarded.
    """

    # Metrics of a batch are only stored, so Keras may pass them from another thread and need not
    # wait for the batch.
    async_safe = True

    def __init__(
        self,
        segment: TrainingSegment,
        *,
        whole_model: keras.Model,
        batches: Batches,
        state: TrainingState,
        checkpoint_folder: Path,
        best: BestModel,
        reporter: Reporter,
    ) -> None:
        super().__init__()
        self._segment = segment
        self._training = segment.training
        self._whole_model = whole_model
        self._batches = batches
        self._state = state
        self._folder = checkpoint_folder
        self._best = best
        self._reporter = reporter
        self._latest: Mapping[str, float] | None = None
        self._seconds_before = state.history[-1].seconds if state.history else 0.0
        self._started: float | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Order the images for this epoch."""
        self._batches.begin(epoch)
        self._latest = None
        self._reporter.phase(self._segment.phase)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Between two batches: stop if requested, and fail if the loss is not finite."""
        if self._started is None:
            self._started = time.monotonic()
        if self._reporter.should_stop():
            raise StopRequested
        latest = self._latest
        if latest is not None:
            epoch = self._state.epoch + 1
            if not math.isfinite(latest["loss"]):
                raise nan_loss(epoch, batch=batch)
            self._reporter.batch(epoch, batch, self._batches.num_batches, latest)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keep the epoch's running means."""
        self._latest = logs

    def on_test_begin(self, logs: Any = None) -> None:
        """The epoch's training is done; validation begins."""
        self._reporter.phase(Phase.VALIDATING)

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A stop request also ends a validation."""
        if self._reporter.should_stop():
            raise StopRequested

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Checkpoint, then report: every reported epoch can be restored."""
        metrics = self._check_losses({name: float(value) for name, value in (logs or {}).items()})
        metrics["learning_rate"] = self._learning_rate()
        if self._segment.num_segments > 1:
            # The segment, from 1. The metric keeps its stored name, see ``segments``.
            metrics["phase"] = self._segment.number + 1.0
        if self.model.losses:
            # What weight penalties add to the loss at the epoch's end, and so to val_loss.
            metrics["penalty"] = sum(
                float(keras.ops.convert_to_numpy(v)) for v in self.model.losses
            )
        record = EpochRecord(
            epoch=epoch + 1,
            metrics=metrics,
            seconds=self._seconds(),
            images=(epoch + 1) * self._batches.num_images,
        )
        self._state.history.append(record)
        self._apply_rules(metrics)
        self._save(record)
        if self._state.ended_early:
            self.model.stop_training = True

    def _save(self, record: EpochRecord) -> None:
        self._reporter.phase(Phase.SAVING)
        checkpoint = checkpoints.save(self._folder, self._whole_model, self._state)
        self._reporter.epoch(record)
        self._reporter.artifact("checkpoint", checkpoint, record.epoch)
        if best_epoch(self._state.history) is record:
            self._best.save(self._whole_model, record)

    def _apply_rules(self, metrics: dict[str, float]) -> None:
        plateau, early = self._training.reduce_on_plateau, self._training.early_stopping
        if plateau:
            before = metrics["learning_rate"]
            after = reduced_rate(plateau, self._state.plateau, metrics, before)
            if after != before:
                self.model.optimizer.learning_rate = after
        if early:
            self._state.ended_early = should_end(early, self._state.early_stopping, metrics)

    def _check_losses(self, metrics: dict[str, float]) -> dict[str, float]:
        epoch = self._state.epoch + 1
        if not math.isfinite(metrics["loss"]):
            raise nan_loss(epoch)
        if not math.isfinite(metrics["val_loss"]):
            raise nan_loss(epoch, validation=True)
        return metrics

    def _learning_rate(self) -> float:
        """The learning rate of the epoch's last step."""
        if self._training.reduce_on_plateau or self._segment.is_own:
            return float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        steps = self._batches.num_batches
        epochs = self._state.epoch + 1 - self._state.segment_start
        return rate_at(self._training, steps, epochs * steps - 1)

    def _seconds(self) -> float:
        started = self._started if self._started is not None else time.monotonic()
        return self._seconds_before + time.monotonic() - started
