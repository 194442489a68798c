"""One training, from the built model to the last export."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from core.datasets.opened import OpenedDataset
from core.datasets.split import split_of
from core.models.backbones.loader import load_weights
from core.models.backbones.model import unfreeze
from core.models.own import own_optimizer
from core.models.plan import OUTPUT
from core.models.saved_model import Architecture
from core.records.phases import Phase
from core.spec.experiment import Experiment
from core.training import checkpoints, features
from core.training.augmentation import Augmenter, build_augmenter
from core.training.batches import Batches, feed
from core.training.best_model import BestModel
from core.training.checkpoints import TrainingState
from core.training.compilation import build_model, compile_model
from core.training.engine import allow_jit
from core.training.history import TrainingResult, best_epoch
from core.training.loop import EpochLoop, StopRequested
from core.training.optimizers import build_optimizer
from core.training.reporter import Reporter
from core.training.segments import TrainingSegment, is_repeatable, segments_of

_log = logging.getLogger(__name__)


class Session:
    """One training of an experiment in a run's folder. Building it builds the model."""

    def __init__(
        self,
        experiment: Experiment,
        dataset: OpenedDataset,
        folder: Path,
        reporter: Reporter,
        engine: str,
        *,
        exports: bool = True,
    ) -> None:
        self._experiment = experiment
        self._folder = folder
        self._engine = engine
        self._reporter = reporter
        self._until = experiment.total_epochs
        reporter.phase(Phase.BUILDING)
        self._train, self._validation = make_batches(experiment, dataset)
        self._segments = segments_of(experiment)
        self._model = build_model(experiment, dataset, engine)
        self._start_segment(0)
        self._best = BestModel(
            folder,
            dataset.class_names,
            reporter,
            Architecture(experiment, dataset.image_shape, dataset.num_classes),
            statistics=(dataset.mean, dataset.std),
            exports=exports,
        )

    def run(self, *, resume: bool, until: int | None = None) -> TrainingResult:
        """Train the epochs that are not done yet, at most up to epoch ``until``.

        With ``resume`` it continues from the newest undamaged checkpoint.
        """
        if until is not None:
            self._until = until
        state = self._restore() if resume else self._start()
        stopped = self._train_segments(state)
        self._best.finish()
        return TrainingResult(epochs=state.epoch, best=best_epoch(state.history), stopped=stopped)

    @property
    def _checkpoints(self) -> Path:
        return self._folder / "checkpoints"

    def _start(self) -> TrainingState:
        """Start without a checkpoint: delete old files, load the backbone's pretrained weights."""
        for name in ("checkpoints", "best", "litert", features.FOLDER):
            if (self._folder / name).exists():
                shutil.rmtree(self._folder / name)
        backbone = self._experiment.model.backbone
        if backbone is not None:
            self._reporter.phase(Phase.LOADING_WEIGHTS)
            load_weights(self._model, backbone, self._folder.parent)
        return TrainingState()

    def _restore(self) -> TrainingState:
        state = checkpoints.restore_newest(self._checkpoints, self._model, self._start_segment)
        if state is None:
            _log.info("No checkpoint to resume from: training starts again from epoch 1.")
            # A damaged checkpoint may have made the layers of a later segment trainable.
            self._start_segment(0)
            state = self._start()
        self._reporter.restored(state.history)
        self._repair_best(state)
        return state

    def _repair_best(self, state: TrainingState) -> None:
        """Save the best model if the last attempt died between a checkpoint and saving it."""
        best = best_epoch(state.history)
        if best is None or self._best.saved_epoch == best.epoch:
            return
        if best.epoch == state.epoch:
            self._best.save(self._model, best)
            return
        # Weights only: the best epoch may be of another segment, with another optimiser.
        checkpoints.restore_weights(self._checkpoints, self._model, best.epoch)
        self._best.save(self._model, best)
        checkpoints.restore_weights(self._checkpoints, self._model, state.epoch)

    def _start_segment(self, number: int) -> None:
        """Make the layers of a segment trainable, with a fresh optimiser."""
        segment = self._segments[number]
        if segment.trainable is not None:
            unfreeze(self._model, segment.trainable, segment.unfrozen_layers)
        own = own_optimizer(self._model, OUTPUT) if segment.is_own else None
        optimizer = own or build_optimizer(segment.training, self._train.num_batches)
        self._compile(self._model, segment, optimizer)

    def _train_segments(self, state: TrainingState) -> bool:
        """Train the rest of the current segment and those after it; True when stopped."""
        for segment in self._segments[state.segment :]:
            if segment.number > state.segment:
                if state.epoch >= self._until:
                    return False
                state.begin_segment(segment.number)
                self._start_segment(segment.number)
                self._reporter.note(f"{segment.phase} begins after epoch {state.epoch}")
            if state.ended_early or state.epoch >= self._last_epoch(segment, state):
                # Left by a trainer that was killed after the segment's last checkpoint.
                features.discard(self._folder)
                continue
            try:
                self._fit(segment, state)
            except StopRequested:
                return True
        return False

    def _last_epoch(self, segment: TrainingSegment, state: TrainingState) -> int:
        return min(state.segment_start + segment.training.epochs, self._until)

    def _fit(self, segment: TrainingSegment, state: TrainingState) -> None:
        """Train one segment to its end, on kept features where they are the same in every epoch."""
        images = self._train, self._validation
        can_keep = is_repeatable(self._experiment, segment)
        parts = features.split_model(self._model) if can_keep else None
        if parts is None:
            self._fit_on(self._model, images, segment, state)
            return
        with features.kept_features(
            parts, images, run_folder=self._folder, engine=self._engine, reporter=self._reporter
        ) as feature_batches:
            model = self._compile_head(parts.head, segment) if feature_batches else self._model
            self._fit_on(model, feature_batches or images, segment, state)

    def _compile_head(self, head: keras.Model, segment: TrainingSegment) -> keras.Model:
        allow_jit(head, self._engine)
        # The head shares the optimiser of the whole model, which the checkpoints save.
        self._compile(head, segment, self._model.optimizer)
        return head

    def _compile(
        self, model: keras.Model, segment: TrainingSegment, optimizer: keras.optimizers.Optimizer
    ) -> None:
        one_hot = needs_one_hot(self._experiment)
        compile_model(model, segment.training, optimizer, self._engine, one_hot=one_hot)

    def _fit_on(
        self,
        model: keras.Model,
        batches: tuple[Batches, Batches],
        segment: TrainingSegment,
        state: TrainingState,
    ) -> None:
        train, validation = batches
        loop = EpochLoop(
            segment,
            whole_model=self._model,
            batches=train,
            state=state,
            checkpoint_folder=self._checkpoints,
            best=self._best,
            reporter=self._reporter,
        )
        model.fit(
            feed(train, self._engine),
            validation_data=feed(validation, self._engine),
            epochs=self._last_epoch(segment, state),
            initial_epoch=state.epoch,
            # Batches shuffle, so that a resumed run repeats the order.
            shuffle=False,
            callbacks=[loop],
            verbose=0,
        )


def make_batches(experiment: Experiment, dataset: OpenedDataset) -> tuple[Batches, Batches]:
    """Training and validation batches. Raises InvalidExperiment when the split is impossible."""
    data, training = experiment.data, experiment.training
    split = split_of(data, dataset.train_labels)
    one_hot = dataset.num_classes if needs_one_hot(experiment) else None

    def batches(
        indices: NDArray[np.int64], seed: int | None, augmenter: Augmenter | None = None
    ) -> Batches:
        return Batches(
            dataset.train_images,
            dataset.train_labels,
            indices,
            batch_size=training.batch_size,
            seed=seed,
            one_hot=one_hot,
            augmenter=augmenter,
        )

    seed = experiment.seed
    train = batches(split.train_indices, seed, build_augmenter(data.augmentation, seed))
    return train, batches(split.validation_indices, None)


def needs_one_hot(experiment: Experiment) -> bool:
    """Whether targets are one-hot: label smoothing and mixed labels need it."""
    smoothing = experiment.training.label_smoothing > 0
    return smoothing or experiment.data.augmentation.mixes_labels
