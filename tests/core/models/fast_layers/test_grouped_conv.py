"""The grouped convolution of plain ones is Keras' own in everything but speed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.models.fast_layers.grouped_conv import conv2d

MAPS = np.random.default_rng(1).normal(0.0, 1.0, (4, 9, 11, 12)).astype("float32")
WINDOWS = (
    {"kernel_size": 3, "padding": "same"},
    {"kernel_size": 3, "padding": "valid", "strides": 2},
    {"kernel_size": (5, 3), "padding": "same", "dilation_rate": 2, "use_bias": False},
    {"kernel_size": 1, "strides": 3, "activation": "relu"},
)


def pair(**arguments: Any) -> list[keras.layers.Layer]:
    layers = [conv2d(24, **arguments), keras.layers.Conv2D(24, **arguments)]
    for layer in layers:
        layer.build(MAPS.shape)
    layers[1].set_weights(layers[0].get_weights())
    return layers


def array(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value), dtype="float32")


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("groups", [1, 2, 3, 12])
def test_it_gives_what_keras_gives(groups: int, window: dict[str, Any], policy: str) -> None:
    ours, theirs = pair(groups=groups, dtype=policy, **window)
    results = [layer(MAPS) for layer in (ours, theirs)]
    assert results[0].shape == theirs.compute_output_shape(MAPS.shape) == results[1].shape
    assert keras.backend.standardize_dtype(results[0].dtype) == theirs.compute_dtype
    tolerance = 1e-5 if policy == "float32" else 5e-2
    np.testing.assert_allclose(array(results[0]), array(results[1]), atol=tolerance)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="split on TensorFlow only")
@pytest.mark.parametrize("groups", [2, 12])
def test_its_gradients_are_those_of_keras(groups: int) -> None:
    import tensorflow as tf

    gradients = []
    for layer in pair(groups=groups, **WINDOWS[0]):
        maps = tf.constant(MAPS)
        with tf.GradientTape() as tape:
            tape.watch(maps)
            loss = tf.reduce_sum(layer(maps) ** 2)
        weights = [each.value for each in layer.trainable_variables]
        gradients.append([array(each) for each in tape.gradient(loss, [maps, *weights])])
    for mine, reference in zip(*gradients, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-3, atol=1e-3)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="split on TensorFlow only")
def test_keras_compiles_by_xla_and_ours_does_not() -> None:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("Keras' own layer is used on a GPU.")
    ours, theirs = (
        tf.function(layer.call).get_concrete_function(tf.constant(MAPS)).graph.get_operations()
        for layer in pair(groups=2, kernel_size=3)
    )
    assert not any("_XlaMustCompile" in each.node_def.attr for each in ours)
    assert [each.type for each in ours].count("Conv2D") == 2
    # When this fails, Keras' own layer may be as fast: measure it, and remove ours.
    assert any("_XlaMustCompile" in each.node_def.attr for each in theirs)


def test_a_saved_model_holds_keras_own_layer(tmp_path: Path) -> None:
    images = keras.Input(MAPS.shape[1:])
    network = keras.Model(images, conv2d(24, kernel_size=3, groups=3, name="conv")(images))
    plain = keras.layers.Conv2D(24, kernel_size=3, groups=3, name="conv")
    expected = keras.saving.serialize_keras_object(plain)
    found = keras.saving.serialize_keras_object(network.get_layer("conv"))
    named = ("module", "class_name")
    assert {key: found[key] for key in named} == {key: expected[key] for key in named}
    network.save(tmp_path / "saved.keras")
    loaded = keras.saving.load_model(tmp_path / "saved.keras")
    assert type(loaded.get_layer("conv")) is keras.layers.Conv2D
    np.testing.assert_allclose(loaded.predict(MAPS), network.predict(MAPS), atol=1e-5)
