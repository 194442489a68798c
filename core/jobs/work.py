"""The work of training a model whose backbone is trained in part, frozen, or computed once.

Training a whole model costs three times its forward pass. Frozen layers cost their forward pass
only, and a backbone whose features are kept (``core.training.features``) costs nothing after one
pass over the images. The functions return the FLOPs of a wholly trained model that takes as long,
so that all runs can be compared. Light: no Keras.
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
    """FLOPs per image, the mean over all epochs of a run; the forward pass without a backbone."""
    front, head = _parts(summary)
    segments = segments_of(experiment)
    total = sum(
        segment.training.epochs * (head + _trained_share(experiment, segment) * front)
        for segment in segments
    )
    return total / sum(segment.training.epochs for segment in segments)


def flops_before(experiment: Experiment, summary: Summary) -> float:
    """FLOPs per image of computing features before the first epoch; 0 where none are kept."""
    front, _ = _parts(summary)
    keeps = any(is_repeatable(experiment, segment) for segment in segments_of(experiment))
    return front / BACKWARD_AND_FORWARD if keeps else 0.0


def _parts(summary: Summary) -> tuple[float, float]:
    """FLOPs up to the end of the backbone, and after it; 0 and all without a backbone."""
    names = [layer.name for layer in summary.layers]
    border = names.index(BACKBONE) + 1 if BACKBONE in names else 0
    front = sum(layer.flops for layer in summary.layers[:border])
    return float(front), float(summary.flops - front)


def _trained_share(experiment: Experiment, segment: TrainingSegment) -> float:
    """The cost of the layers up to the end of the backbone, relative to training all of them.

    It assumes that each layer of the backbone costs the same.
    """
    backbone = experiment.model.backbone
    if backbone is None or segment.trainable is None or is_repeatable(experiment, segment):
        return 0.0
    num_layers = catalog.info(backbone.network).num_layers
    trainable = _num_trainable_layers(segment, num_layers) / num_layers
    return (1.0 + (BACKWARD_AND_FORWARD - 1.0) * trainable) / BACKWARD_AND_FORWARD


def _num_trainable_layers(segment: TrainingSegment, num_layers: int) -> int:
    if segment.trainable is Trainable.LAST:
        return min(segment.unfrozen_layers, num_layers)
    return num_layers if segment.trainable is Trainable.ALL else 0
