"""Layers of Keras with the same weights and numbers, computed by quicker operations.

Each module has a function that gives the layer as quick as the engine can, and `make bench`
measures each against Keras' own. They are saved as Keras' own: `saved_as`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import keras

_Layer = TypeVar("_Layer", bound=keras.layers.Layer)


def saved_as(theirs: type[keras.layers.Layer]) -> Callable[[type[_Layer]], type[_Layer]]:
    """Name a class as one of Keras' layers.

    A saved network names a layer's class by module and name, so it loads as Keras' own layer,
    with nothing of this project at hand.
    """

    def rename(ours: type[_Layer]) -> type[_Layer]:
        ours.__name__ = ours.__qualname__ = theirs.__name__
        ours.__module__ = "keras.layers"
        return ours

    return rename


def is_tensorflow_on_cpu() -> bool:
    """Whether this process trains by TensorFlow and has no GPU for it."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")
