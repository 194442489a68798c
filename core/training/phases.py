"""The phases of a run: first the layers after a backbone, then fine-tuning. Light: no Keras.

Each phase is a training of its own: a fresh optimiser, its own learning rate, and schedule,
warm-up, plateau and patience counted from its first step. A fresh optimiser, because the layers
that are unfrozen have no momenta yet, and those of the head were gathered under steps of another
size; starting all of them together lets the first steps be equally careful everywhere. The
weights go on from the last epoch of the phase before.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.models.backbones import catalog
from core.spec.backbone import Trainable
from core.spec.data import Augmentation
from core.spec.experiment import Experiment
from core.spec.training import Training

TRAINING, FINE_TUNING = "training", "fine-tuning"
"""What a trainer says that it is busy with, by the phase's number."""


@dataclass(frozen=True)
class TrainingPhase:
    """One stretch of a run in which the same layers learn."""

    number: int
    """From 0."""
    num_phases: int
    """How many the run has."""
    training: Training
    """The settings of this phase alone: its epochs, its learning rate, no fine-tuning."""
    trainable: Trainable | None = None
    """Which of the backbone's layers learn; None without a backbone."""
    unfrozen_layers: int = 0
    """With ``last``: how many."""
    is_own: bool = False
    """The network is built by a person's own code, which may bring its optimiser along."""

    @property
    def name(self) -> str:
        """What the trainer is busy with, as ``Reporter.phase`` takes it."""
        return FINE_TUNING if self.number else TRAINING


def phases_of(experiment: Experiment) -> tuple[TrainingPhase, ...]:
    """The phases of a run in their order: one, or two with fine-tuning."""
    training, backbone = experiment.training, experiment.model.backbone
    alone = training.model_copy(update={"fine_tuning": None})
    if backbone is None:
        return (TrainingPhase(0, 1, alone, is_own=experiment.model.own is not None),)
    num_phases = 2 if training.fine_tuning else 1
    first = TrainingPhase(0, num_phases, alone, backbone.trainable, backbone.unfrozen_layers)
    tuning = training.fine_tuning
    if tuning is None:
        return (first,)
    lower = alone.model_copy(
        update={
            "epochs": tuning.epochs,
            "learning_rate": tuning.learning_rate,
            # As long as the phase has room for.
            "warmup_epochs": min(training.warmup_epochs, float(tuning.epochs)),
        }
    )
    return first, TrainingPhase(
        1, num_phases, lower, Trainable(tuning.trainable), tuning.unfrozen_layers
    )


def is_repeatable(experiment: Experiment, phase: TrainingPhase) -> bool:
    """Whether a frozen backbone gives the same features in every epoch of the phase."""
    backbone, augmentation = experiment.model.backbone, experiment.data.augmentation
    if backbone is None or phase.trainable is not Trainable.NONE:
        return False
    return augmentation == Augmentation() and not catalog.info(backbone.network).draws
