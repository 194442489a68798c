"""Keras has no way of its own to save a subclass as the layer that it replaces."""

from __future__ import annotations

import keras
import pytest

from core.models.fast_layers import saved_as


class _Plain(keras.layers.Dense):
    """A subclass without another name."""


@keras.saving.register_keras_serializable(package="keras.layers", name="Dense")
class _Registered(keras.layers.Dense):
    """A subclass under the nearest name that Keras lets a class register."""


@saved_as(keras.layers.Dense)
class _Renamed(keras.layers.Dense):
    """A subclass named as its base class."""


def saved(layer: keras.layers.Layer) -> dict[str, str]:
    """What names the class in a saved layer."""
    config = keras.saving.serialize_keras_object(layer)
    return {key: config[key] for key in ("module", "class_name", "registered_name")}


# When this fails, Keras saves a subclass as its base class: remove ``saved_as``.
@pytest.mark.parametrize("layer", [_Plain, _Registered])
def test_keras_saves_a_subclass_under_a_name_that_only_this_project_knows(
    layer: type[keras.layers.Layer],
) -> None:
    assert saved(layer(1)) != saved(keras.layers.Dense(1))


def test_a_renamed_class_is_saved_as_keras_own() -> None:
    names = saved(_Renamed(1)) | {"registered_name": None}
    assert names == saved(keras.layers.Dense(1))
