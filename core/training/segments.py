"""The segments of a run: first the layers after a backbone, then fine-tuning. Light: no Keras.

Each segment has a fresh optimiser and a learning rate of its own; schedule, warm-up, plateau and
patience count from its first step. The optimiser is fresh because the unfrozen layers have no
momenta yet, and those of the head were gathered under steps of another size: so all layers begin
with equally careful steps. The weights continue from the last epoch of the segment before.

The metric ``phase`` and the keys of a checkpoint are named for what a segment was called when
they were first stored; they keep those names, so that older runs stay readable.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.models.backbones import catalog
from core.records.phases import Phase
from core.spec.backbone import Trainable
from core.spec.data import Augmentation
from core.spec.experiment import Experiment
from core.spec.training import Training


@dataclass(frozen=True)
class TrainingSegment:
    """The epochs of a run in which the same layers train."""

    number: int
    """From 0."""
    num_segments: int
    """How many the run has."""
    training: Training
    """The settings of this segment alone: its epochs, its learning rate, no fine-tuning."""
    trainable: Trainable | None = None
    """Which layers of the backbone train; None without a backbone."""
    unfrozen_layers: int = 0
    """How many of the last layers train, where ``trainable`` is ``last``."""
    is_own: bool = False
    """The model is built by the user's own code, which may define its optimiser."""

    @property
    def phase(self) -> Phase:
        """What a trainer reports while it trains this segment."""
        return Phase.FINE_TUNING if self.number else Phase.TRAINING


def segments_of(experiment: Experiment) -> tuple[TrainingSegment, ...]:
    """The segments of a run in their order: one, or two with fine-tuning."""
    training, backbone = experiment.training, experiment.model.backbone
    alone = training.model_copy(update={"fine_tuning": None})
    if backbone is None:
        return (TrainingSegment(0, 1, alone, is_own=experiment.model.own is not None),)
    num_segments = 2 if training.fine_tuning else 1
    first = TrainingSegment(0, num_segments, alone, backbone.trainable, backbone.unfrozen_layers)
    tuning = training.fine_tuning
    if tuning is None:
        return (first,)
    lower = alone.model_copy(
        update={
            "epochs": tuning.epochs,
            "learning_rate": tuning.learning_rate,
            # At most as long as the segment.
            "warmup_epochs": min(training.warmup_epochs, float(tuning.epochs)),
        }
    )
    return first, TrainingSegment(
        1, num_segments, lower, Trainable(tuning.trainable), tuning.unfrozen_layers
    )


def is_repeatable(experiment: Experiment, segment: TrainingSegment) -> bool:
    """Whether a frozen backbone gives the same features in every epoch of the segment."""
    backbone, augmentation = experiment.model.backbone, experiment.data.augmentation
    if backbone is None or segment.trainable is not Trainable.NONE:
        return False
    return augmentation == Augmentation() and not catalog.info(backbone.network).draws
