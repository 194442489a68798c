"""A model of keras.applications as one Keras layer: built with random weights, frozen in part.

A frozen layer keeps its weights, and a frozen batch norm normalises with its moving statistics, as
Keras does wherever ``trainable`` is off.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import keras

from core.models.backbones.layers import BACKBONE
from core.models.ops import Config
from core.spec.backbone import Trainable


def backbone_model(config: Config, side: int, *, seed: int, name: str) -> keras.Model:
    """Build the backbone for square images, without its head, and freeze its layers.

    The weights follow from ``seed``. Input: images (batch, side, side, 3) scaled as the model
    expects; output: feature maps (batch, height, width, channels).
    """
    make = getattr(keras.applications, config["network"])
    with _seeded(seed), _channels_last():
        model = make(weights=None, include_top=False, input_shape=(side, side, 3), name=name)
    freeze(model, config["trainable"], config["unfrozen_layers"])
    return model


def unfreeze(model: keras.Model, trainable: Trainable, unfrozen_layers: int) -> None:
    """Make none, the last or all layers of a built model's backbone trainable.

    Takes effect when the model is compiled again. ValueError for more layers than it has.
    """
    freeze(model.get_layer(BACKBONE), trainable, unfrozen_layers)


def freeze(backbone: keras.Model, trainable: Trainable, unfrozen_layers: int) -> None:
    """Make none, the last or all layers of a backbone trainable. Raises as `unfreeze`."""
    layers = backbone.layers
    if trainable is Trainable.LAST and unfrozen_layers > len(layers):
        raise ValueError(f"{unfrozen_layers} layers to unfreeze of {len(layers)}")
    # All at once first: a frozen model reports all its layers as frozen.
    backbone.trainable = trainable is not Trainable.NONE
    if trainable is Trainable.LAST:
        for layer in layers[: len(layers) - unfrozen_layers]:
            layer.trainable = False


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed Python's random numbers, from which Keras' initialisers take theirs."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def _channels_last() -> Iterator[None]:
    """Override a person's keras.json, which may say channels_first."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)
