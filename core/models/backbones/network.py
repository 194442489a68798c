"""A network of keras.applications as one Keras layer, with random weights."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import keras

from core.models.backbones.frozen_layers import freeze
from core.models.ops import Config


def backbone_network(config: Config, side: int, *, seed: int, name: str) -> keras.Model:
    """The network without its top for square images, the layers frozen that are to be.

    Its weights follow from ``seed``. Images (batch, side, side, 3) as its own preprocessing
    leaves them; maps (batch, height, width, channels) come out.
    """
    make = getattr(keras.applications, config["network"])
    with _seeded(seed), _channels_last():
        network = make(weights=None, include_top=False, input_shape=(side, side, 3), name=name)
    freeze(network, config["trainable"], config["unfrozen_layers"])
    return network


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Keras' initialisers without a seed of their own draw one from Python's generator."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def _channels_last() -> Iterator[None]:
    """These networks follow a person's keras.json, which may say channels_first."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)
