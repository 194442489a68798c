"""Models of the user's own, as users of Keras Tuner write them."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner


class Small(keras_tuner.HyperModel):
    """A class without arguments, with a condition and every kind of hyperparameter."""

    def build(self, hp: Any) -> keras.Model:
        """Digits, ten classes."""
        layers: list[Any] = [keras.Input((8, 8, 1))]
        layers.append(keras.layers.Conv2D(hp.Int("filters", 4, 8, step=4), 3, activation="relu"))
        layers.append(keras.layers.Flatten())
        if hp.Boolean("dropout"):
            with hp.conditional_scope("dropout", [True]):
                layers.append(keras.layers.Dropout(hp.Choice("rate", [0.1, 0.3])))
        layers.append(keras.layers.Dense(10, activation=hp.Fixed("last", "softmax")))
        model = keras.Sequential(layers)
        rate = hp.Float("learning rate", 1e-3, 1e-1, sampling="log")
        model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", ["accuracy"])
        return model


small = Small()
"""An instance at the top of its module."""


def function(hp: Any) -> keras.Model:
    """A plain function, not compiled."""
    units = hp.Int("units", 4, 64, sampling="log", step=2)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


class Scale(keras.layers.Layer):
    """A weight for each channel. Keras knows it by no name, and its description makes no copy."""

    def __init__(self) -> None:
        super().__init__()

    def build(self, input_shape: Any) -> None:
        """One weight a channel."""
        self.scale = self.add_weight(shape=(input_shape[-1],), name="scale")

    def call(self, inputs: Any) -> Any:
        """Each channel by its weight."""
        return inputs * self.scale


def with_own_layer(hp: Any) -> keras.Model:
    """A network that holds a layer of one's own."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(hp.Int("filters", 4, 8, step=4), 3, activation="relu"),
            Scale(),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax", dtype="float32"),
        ]
    )


class Unsavable(keras.layers.Layer):
    """Made from something that no file could hold."""

    def __init__(self, function: Any, **options: Any) -> None:
        super().__init__(**options)
        self.function = function

    def call(self, inputs: Any) -> Any:
        """What the function makes of them."""
        return self.function(inputs)


def unsavable(hp: Any) -> keras.Model:
    """Keras could not save it after the first epoch."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            Unsavable(_Twice()),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


class _Twice:
    def __call__(self, inputs: Any) -> Any:
        return 2 * inputs


def unnameable(hp: Any) -> keras.Model:
    """Its name cannot be a field."""
    hp.Int("block_1/units", 4, 8)
    return function(hp)


def too_few_classes(hp: Any) -> keras.Model:
    """Two classes for ten digits."""
    hp.Boolean("idle")
    return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
