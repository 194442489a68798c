"""The fused batch normalisation is Keras' own in everything but speed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.models.fast_layers.batch_norm import batch_normalization

MAPS = np.random.default_rng(1).normal(2.0, 3.0, (16, 5, 7, 4)).astype("float32")
UPSTREAM = np.random.default_rng(2).normal(0.0, 1.0, MAPS.shape).astype("float32")


def _pair(**arguments: Any) -> list[keras.layers.Layer]:
    layers = [batch_normalization(**arguments), keras.layers.BatchNormalization(**arguments)]
    weights = [np.random.default_rng(n).uniform(0.5, 2.0, 4) for n in range(4)]
    for layer in layers:
        layer.build(MAPS.shape)
        layer.set_weights(weights)
    return layers


def _array(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value), dtype="float32")


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("training", [True, False])
def test_it_gives_what_keras_gives(policy: str, training: bool) -> None:
    ours, theirs = _pair(momentum=0.9, dtype=policy)
    results = [layer(MAPS, training=training) for layer in (ours, theirs)]
    tolerance = 1e-5 if policy == "float32" else 5e-2
    np.testing.assert_allclose(
        _array(results[0]), _array(results[1]), atol=tolerance, rtol=tolerance
    )
    assert keras.backend.standardize_dtype(results[0].dtype) == theirs.compute_dtype
    for mine, reference in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-2 if policy != "float32" else 1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="fused on TensorFlow only")
def test_its_gradients_are_those_of_keras() -> None:
    import tensorflow as tf

    gradients = []
    for layer in _pair(momentum=0.9):
        maps = tf.constant(MAPS)
        with tf.GradientTape() as tape:
            tape.watch(maps)
            loss = tf.reduce_sum(layer(maps, training=True) * UPSTREAM)
        weights = [each.value for each in layer.trainable_variables]
        gradients.append([_array(each) for each in tape.gradient(loss, [maps, *weights])])
    for mine, reference in zip(*gradients, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-3, atol=1e-4)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="fused on TensorFlow only")
def test_keras_own_layer_is_not_fused() -> None:
    import tensorflow as tf

    # When this fails, Keras uses the fused operation itself: remove our layer.
    ours, theirs = (
        {
            each.type
            for each in tf.function(lambda maps, layer=layer: layer(maps, training=True))
            .get_concrete_function(tf.constant(MAPS))
            .graph.get_operations()
        }
        for layer in _pair(momentum=0.9)
    )
    assert "FusedBatchNormV3" in ours
    assert "FusedBatchNormV3" not in theirs


def test_a_frozen_layer_keeps_its_statistics_while_training() -> None:
    layer, _ = _pair(momentum=0.9)
    layer.trainable = False
    before = layer.get_weights()
    layer(MAPS, training=True)
    for mine, reference in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, reference)


def test_a_saved_model_holds_keras_own_layer(tmp_path: Path) -> None:
    images = keras.Input(MAPS.shape[1:])
    network = keras.Model(images, batch_normalization(name="norm")(images))
    plain = keras.layers.BatchNormalization(name="norm")
    expected = keras.saving.serialize_keras_object(plain)
    found = keras.saving.serialize_keras_object(network.get_layer("norm"))
    named = ("module", "class_name")
    assert {key: found[key] for key in named} == {key: expected[key] for key in named}
    network.save(tmp_path / "saved.keras")
    loaded = keras.saving.load_model(tmp_path / "saved.keras")
    assert type(loaded.get_layer("norm")) is keras.layers.BatchNormalization
    np.testing.assert_allclose(loaded.predict(MAPS), network.predict(MAPS), atol=1e-5)
