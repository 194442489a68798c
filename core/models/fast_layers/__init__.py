"""Keras layers that compute the same numbers from the same weights by faster operations.

Each module has a function that returns the fastest layer for the engine. `make bench` compares each
with Keras' own layer, and a test of each fails when Keras' own needs no replacement any more. They
are saved as Keras' own layers: `saved_as`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import keras

_Layer = TypeVar("_Layer", bound=keras.layers.Layer)


def saved_as(theirs: type[keras.layers.Layer]) -> Callable[[type[_Layer]], type[_Layer]]:
    """Give a class the name and module of the Keras layer that it replaces.

    A ``.keras`` file names each layer's class by module and name, so a model that was trained with
    the faster layer loads with Keras' own, without this project. Without the renaming, a file
    would name a private class of this project, and load nowhere else.

    Keras 3.15 has no public way to do this: ``register_keras_serializable`` writes
    ``package>name``, which the loading process must have registered, too. Remove this when Keras
    saves a subclass as its public base class; a test shows that it does not.
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
