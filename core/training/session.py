"""One training from built network to last export."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from core.datasets.opened import OpenedDataset
from core.datasets.split import split
from core.models.builder import build
from core.models.plan import plan
from core.spec.experiment import Experiment
from core.training import checkpoints
from core.training.batches import Batches
from core.training.best import BestNetwork
from core.training.checkpoints import TrainingState
from core.training.engine import has_gpu, jit_compile, let_compile
from core.training.feeding import feed
from core.training.history import best_epoch
from core.training.loop import EpochLoop, StopRequested
from core.training.optimizers import build_optimizer
from core.training.reporter import Reporter
from core.training.trainer import TrainingResult

_log = logging.getLogger(__name__)


class Session:
    """What one training needs at hand, made in the order in which it is needed."""

    def __init__(
        self,
        experiment: Experiment,
        dataset: OpenedDataset,
        folder: Path,
        reporter: Reporter,
        engine: str,
    ) -> None:
        self._experiment = experiment
        self._folder = folder
        self._engine = engine
        self._reporter = reporter
        reporter.phase("building the network")
        self._train, self._validation = make_batches(experiment, dataset)
        self._model = compiled_model(experiment, dataset, engine, self._train.num_batches)
        self._best = BestNetwork(folder, dataset.class_names, reporter)

    def run(self, *, resume: bool) -> TrainingResult:
        """Train what is left to train."""
        state = self._restored() if resume else self._cleared()
        stopped = self._fit(state)
        self._best.finish()
        return TrainingResult(epochs=state.epoch, best=best_epoch(state.history), stopped=stopped)

    @property
    def _checkpoints(self) -> Path:
        return self._folder / "checkpoints"

    def _cleared(self) -> TrainingState:
        for name in ("checkpoints", "best", "litert"):
            if (self._folder / name).exists():
                shutil.rmtree(self._folder / name)
        return TrainingState()

    def _restored(self) -> TrainingState:
        state = checkpoints.restore_newest(self._checkpoints, self._model)
        if state is None:
            _log.info("No checkpoint to resume from: training starts anew.")
            state = self._cleared()
        self._reporter.restored(state.history)
        self._mend_best(state)
        return state

    def _mend_best(self, state: TrainingState) -> None:
        """Put the best network right if the last attempt died between checkpoint and saving it."""
        best = best_epoch(state.history)
        if best is None or self._best.saved_epoch == best.epoch:
            return
        if best.epoch == state.epoch:
            self._best.save(self._model, best)
            return
        checkpoints.restore(self._checkpoints, self._model, best.epoch)
        self._best.save(self._model, best)
        checkpoints.restore(self._checkpoints, self._model, state.epoch)

    def _fit(self, state: TrainingState) -> bool:
        training = self._experiment.training
        if state.ended_early or state.epoch >= training.epochs:
            return False
        loop = EpochLoop(
            training,
            batches=self._train,
            state=state,
            checkpoint_folder=self._checkpoints,
            best=self._best,
            reporter=self._reporter,
        )
        try:
            self._model.fit(
                feed(self._train, self._engine),
                validation_data=feed(self._validation, self._engine),
                epochs=training.epochs,
                initial_epoch=state.epoch,
                # The order is the data's own (see Batches), so that it can be repeated.
                shuffle=False,
                callbacks=[loop],
                verbose=0,
            )
        except StopRequested:
            return True
        return False


def make_batches(experiment: Experiment, dataset: OpenedDataset) -> tuple[Batches, Batches]:
    """Training and validation batches. Raises InvalidExperiment when the split is impossible."""
    data, training = experiment.data, experiment.training
    parts = split(
        dataset.train_labels,
        validation_fraction=data.validation_fraction,
        train_size=data.train_size,
        seed=data.split_seed,
    )
    # Only smoothing needs the classes spread out.
    one_hot = dataset.num_classes if training.label_smoothing else None

    def batches(indices: NDArray[np.int64], seed: int | None) -> Batches:
        return Batches(
            dataset.train_images,
            dataset.train_labels,
            indices,
            batch_size=training.batch_size,
            seed=seed,
            one_hot=one_hot,
        )

    return batches(parts.train_indices, experiment.seed), batches(parts.validation_indices, None)


def compiled_model(
    experiment: Experiment, dataset: OpenedDataset, engine: str, steps_per_epoch: int
) -> keras.Model:
    """The network, ready to train."""
    training = experiment.training
    keras.utils.set_random_seed(experiment.seed)
    keras.config.set_dtype_policy(dtype_policy(training.mixed_precision, engine))
    network = build(
        plan(experiment.model, experiment.data, dataset.image_shape, dataset.num_classes),
        seed=experiment.seed,
        mean=dataset.mean,
        std=dataset.std,
    )
    let_compile(network, engine)
    if training.label_smoothing:
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=training.label_smoothing)
        accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    else:
        loss = keras.losses.SparseCategoricalCrossentropy()
        accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    network.compile(
        optimizer=build_optimizer(training, steps_per_epoch),
        loss=loss,
        metrics=[accuracy],
        jit_compile=jit_compile(engine),
    )
    return network


def dtype_policy(mixed_precision: bool, engine: str) -> str:
    """Keras' name of the number format. CPUs have no float16 kernels worth the name."""
    if not mixed_precision:
        return "float32"
    return "mixed_float16" if has_gpu(engine) else "mixed_bfloat16"
