"""How much work training is, where a backbone learns in part, not at all, or is passed only once.

A network of which everything learns costs three times its forward pass. What
is frozen costs its forward pass alone, and a backbone whose features are kept
(``core.training.features``) nothing at all after one pass over the images. Here that becomes
FLOPs of a network of which everything learns and which takes as long, so that runs of either
kind can be compared. Light: no Keras.
"""

from __future__ import annotations

from core.models.backbones import catalog
from core.models.backbones.layers import BACKBONE
from core.models.summary import Summary
from core.spec.backbone import Trainable
from core.spec.experiment import Experiment
from core.training.segments import TrainingSegment, is_repeatable, segments_of

BACKWARD_AND_FORWARD = 3.0
"""Work of a training step over that of its forward pass."""


def flops_per_image(experiment: Experiment, summary: Summary) -> float:
    """Mean over a run's epochs, of both segments; without a backbone simply the forward pass."""
    front, head = _parts(summary)
    segments = segments_of(experiment)
    total = sum(
        segment.training.epochs * (head + _learned_share(experiment, segment) * front)
        for segment in segments
    )
    return total / sum(segment.training.epochs for segment in segments)


def flops_before(experiment: Experiment, summary: Summary) -> float:
    """The same of the pass that computes features before the first epoch; 0 without one."""
    front, _ = _parts(summary)
    keeps = any(is_repeatable(experiment, segment) for segment in segments_of(experiment))
    return front / BACKWARD_AND_FORWARD if keeps else 0.0


def _parts(summary: Summary) -> tuple[float, float]:
    """FLOPs up to the backbone's end, and of all that follows; 0 and all without a backbone."""
    names = [layer.name for layer in summary.layers]
    border = names.index(BACKBONE) + 1 if BACKBONE in names else 0
    front = sum(layer.flops for layer in summary.layers[:border])
    return float(front), float(summary.flops - front)


def _learned_share(experiment: Experiment, segment: TrainingSegment) -> float:
    """What the layers up to the backbone's end cost, as a share of what they would if all learnt.

    Work is taken to be spread evenly over a backbone's layers.
    """
    backbone = experiment.model.backbone
    if backbone is None or segment.trainable is None or is_repeatable(experiment, segment):
        return 0.0
    network = catalog.info(backbone.network)
    learning = _layers_that_learn(segment, network.num_layers) / network.num_layers
    return (1.0 + (BACKWARD_AND_FORWARD - 1.0) * learning) / BACKWARD_AND_FORWARD


def _layers_that_learn(segment: TrainingSegment, num_layers: int) -> int:
    if segment.trainable is Trainable.LAST:
        return min(segment.unfrozen_layers, num_layers)
    return num_layers if segment.trainable is Trainable.ALL else 0
