"""One training from built network to last export."""

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
from core.spec.experiment import Experiment
from core.training import checkpoints, features
from core.training.batches import Batches
from core.training.best import BestNetwork
from core.training.checkpoints import TrainingState
from core.training.compilation import built_network, compile_network
from core.training.engine import let_compile
from core.training.feed import feed
from core.training.history import best_epoch
from core.training.loop import EpochLoop, StopRequested
from core.training.optimizers import build_optimizer
from core.training.phases import TrainingPhase, is_repeatable, phases_of
from core.training.reporter import Reporter
from core.training.trainer import TrainingResult
from core.training.variation import Variation, variation

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
        *,
        exports: bool = True,
    ) -> None:
        self._experiment = experiment
        self._folder = folder
        self._engine = engine
        self._reporter = reporter
        self._until = experiment.total_epochs
        reporter.phase("building the network")
        self._train, self._validation = make_batches(experiment, dataset)
        self._phases = phases_of(experiment)
        self._model = built_network(experiment, dataset, engine)
        self._enter(0)
        self._best = BestNetwork(
            folder,
            dataset.class_names,
            reporter,
            Architecture(experiment, dataset.image_shape, dataset.num_classes),
            statistics=(dataset.mean, dataset.std),
            exports=exports,
        )

    def run(self, *, resume: bool, until: int | None = None) -> TrainingResult:
        """Train what is left to train, or of it what is left up to epoch ``until``."""
        if until is not None:
            self._until = until
        state = self._restored() if resume else self._begun()
        stopped = self._train_phases(state)
        self._best.finish()
        return TrainingResult(epochs=state.epoch, best=best_epoch(state.history), stopped=stopped)

    @property
    def _checkpoints(self) -> Path:
        return self._folder / "checkpoints"

    def _begun(self) -> TrainingState:
        """From nothing: only here does a backbone need the weights that it is to start from."""
        for name in ("checkpoints", "best", "litert", features.FOLDER):
            if (self._folder / name).exists():
                shutil.rmtree(self._folder / name)
        backbone = self._experiment.model.backbone
        if backbone is not None:
            self._reporter.phase("loading weights")
            load_weights(self._model, backbone, self._folder.parent)
        return TrainingState()

    def _restored(self) -> TrainingState:
        state = checkpoints.restore_newest(self._checkpoints, self._model, self._enter)
        if state is None:
            _log.info("No checkpoint to resume from: training starts anew.")
            # A damaged one may have let the layers of a later phase learn.
            self._enter(0)
            state = self._begun()
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
        # Of either phase: the optimiser, which may be another's, stays out of it.
        checkpoints.restore_weights(self._checkpoints, self._model, best.epoch)
        self._best.save(self._model, best)
        checkpoints.restore_weights(self._checkpoints, self._model, state.epoch)

    def _enter(self, number: int) -> None:
        """Let the layers of a phase learn, with a fresh optimiser."""
        phase = self._phases[number]
        if phase.trainable is not None:
            unfreeze(self._model, phase.trainable, phase.unfrozen_layers)
        own = own_optimizer(self._model, OUTPUT) if phase.is_own else None
        optimizer = own or build_optimizer(phase.training, self._train.num_batches)
        self._compile(self._model, phase, optimizer)

    def _train_phases(self, state: TrainingState) -> bool:
        """Train what is left of the phase at work and those after it; True when stopped."""
        for phase in self._phases[state.phase :]:
            if phase.number > state.phase:
                if state.epoch >= self._until:
                    return False
                state.begin_phase(phase.number)
                self._enter(phase.number)
                self._reporter.note(f"{phase.name} begins after epoch {state.epoch}")
            if state.ended_early or state.epoch >= self._last_epoch(phase, state):
                # A trainer that was killed after the phase's last checkpoint left them.
                features.discard(self._folder)
                continue
            try:
                self._fit(phase, state)
            except StopRequested:
                return True
        return False

    def _last_epoch(self, phase: TrainingPhase, state: TrainingState) -> int:
        return min(state.phase_start + phase.training.epochs, self._until)

    def _fit(self, phase: TrainingPhase, state: TrainingState) -> None:
        """Train one phase to its end, on features where the backbone always gives the same."""
        images = self._train, self._validation
        halves = features.cut(self._model) if is_repeatable(self._experiment, phase) else None
        if halves is None:
            self._fit_on(self._model, images, phase, state)
            return
        with features.computed(
            halves, images, run_folder=self._folder, engine=self._engine, reporter=self._reporter
        ) as of_features:
            model = self._compiled(halves.head, phase) if of_features else self._model
            self._fit_on(model, of_features or images, phase, state)

    def _compiled(self, head: keras.Model, phase: TrainingPhase) -> keras.Model:
        let_compile(head, self._engine)
        # One optimiser for the head and the network, in whose checkpoint it is kept.
        self._compile(head, phase, self._model.optimizer)
        return head

    def _compile(
        self, network: keras.Model, phase: TrainingPhase, optimizer: keras.optimizers.Optimizer
    ) -> None:
        one_hot = needs_one_hot(self._experiment)
        compile_network(network, phase.training, optimizer, self._engine, one_hot=one_hot)

    def _fit_on(
        self,
        model: keras.Model,
        parts: tuple[Batches, Batches],
        phase: TrainingPhase,
        state: TrainingState,
    ) -> None:
        train, validation = parts
        loop = EpochLoop(
            phase,
            network=self._model,
            batches=train,
            state=state,
            checkpoint_folder=self._checkpoints,
            best=self._best,
            reporter=self._reporter,
        )
        model.fit(
            feed(train, self._engine),
            validation_data=feed(validation, self._engine),
            epochs=self._last_epoch(phase, state),
            initial_epoch=state.epoch,
            # The order is the data's own (see Batches), so that it can be repeated.
            shuffle=False,
            callbacks=[loop],
            verbose=0,
        )


def make_batches(experiment: Experiment, dataset: OpenedDataset) -> tuple[Batches, Batches]:
    """Training and validation batches. Raises InvalidExperiment when the split is impossible."""
    data, training = experiment.data, experiment.training
    parts = split_of(data, dataset.train_labels)
    one_hot = dataset.num_classes if needs_one_hot(experiment) else None

    def batches(
        indices: NDArray[np.int64], seed: int | None, varied: Variation | None = None
    ) -> Batches:
        return Batches(
            dataset.train_images,
            dataset.train_labels,
            indices,
            batch_size=training.batch_size,
            seed=seed,
            one_hot=one_hot,
            variation=varied,
        )

    seed = experiment.seed
    train = batches(parts.train_indices, seed, variation(data.augmentation, seed))
    return train, batches(parts.validation_indices, None)


def needs_one_hot(experiment: Experiment) -> bool:
    """Only smoothing and mixing need the classes spread out."""
    smoothing = experiment.training.label_smoothing > 0
    return smoothing or experiment.data.augmentation.mixes_labels
