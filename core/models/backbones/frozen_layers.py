"""Which layers of a backbone learn.

A layer that is frozen keeps its weights, and its batch norm stays in inference mode: Keras
normalises with the moving statistics wherever ``trainable`` is off.
"""

from __future__ import annotations

import keras

from core.models.backbones.layers import BACKBONE
from core.spec.backbone import Trainable


def unfreeze(network: keras.Model, trainable: Trainable, unfrozen_layers: int) -> None:
    """Let a built network's backbone learn in none, its last or all of its layers.

    Takes effect when the network is compiled again. ValueError for more layers than there are.
    """
    freeze(network.get_layer(BACKBONE), trainable, unfrozen_layers)


def freeze(backbone: keras.Model, trainable: Trainable, unfrozen_layers: int) -> None:
    """The same for the backbone alone."""
    layers = backbone.layers
    if trainable is Trainable.LAST and unfrozen_layers > len(layers):
        raise ValueError(f"{unfrozen_layers} layers to unfreeze of {len(layers)}")
    # All at once first: a network that is frozen itself hides what its layers learn.
    backbone.trainable = trainable is not Trainable.NONE
    if trainable is Trainable.LAST:
        for layer in layers[: len(layers) - unfrozen_layers]:
            layer.trainable = False
