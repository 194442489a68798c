"""A slice by splitting is Keras' own cropping in everything but speed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.models.fast_layers.channel_slice import channel_slice

CHANNELS = 7
MAPS = np.random.default_rng(1).normal(0.0, 1.0, (2, 3, 5, CHANNELS)).astype("float32")
CUTS = [(0, 7), (0, 3), (3, 7), (2, 5), (6, 7)]

needs_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="split on TensorFlow only"
)


def array(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value))


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize(("start", "stop"), CUTS)
def test_it_gives_these_channels(start: int, stop: int, policy: str) -> None:
    layer = channel_slice(CHANNELS, start, stop, dtype=policy)
    found = layer(MAPS)
    expected = keras.ops.cast(MAPS[..., start:stop], layer.compute_dtype)
    assert tuple(found.shape) == layer.compute_output_shape(MAPS.shape)
    np.testing.assert_array_equal(
        array(keras.ops.cast(found, "float32")), array(keras.ops.cast(expected, "float32"))
    )


@needs_tensorflow
@pytest.mark.parametrize(("start", "stop"), CUTS)
def test_the_gradient_goes_to_these_channels_alone(start: int, stop: int) -> None:
    import tensorflow as tf

    maps = tf.constant(MAPS)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        loss = tf.reduce_sum(channel_slice(CHANNELS, start, stop)(maps) ** 2)
    expected = np.zeros_like(MAPS)
    expected[..., start:stop] = 2 * MAPS[..., start:stop]
    np.testing.assert_allclose(array(tape.gradient(loss, maps)), expected, rtol=1e-6)


def gradient_operations(*cuts: keras.layers.Layer) -> set[str]:
    """The kinds of TensorFlow operations in the gradient of these layers."""
    import tensorflow as tf

    @tf.function
    def step(maps: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(maps)
            loss = sum(tf.reduce_sum(cut(maps) ** 2) for cut in cuts)
        return tape.gradient(loss, maps)

    graph = step.get_concrete_function(tf.constant(MAPS)).graph
    return {each.type for each in graph.get_operations()}


@needs_tensorflow
def test_the_gradient_has_no_strided_slice() -> None:
    cuts = [channel_slice(CHANNELS, 0, 3), channel_slice(CHANNELS, 3, CHANNELS)]
    assert "StridedSliceGrad" not in gradient_operations(*cuts)


@needs_tensorflow
def test_the_gradient_of_keras_own_layer_has_a_strided_slice() -> None:
    # When this fails, Keras' own cropping may be as fast: measure it, and remove our layer.
    cropping = ((0, 0), (0, 3))
    own = keras.layers.Cropping2D(cropping, data_format="channels_first")
    assert "StridedSliceGrad" in gradient_operations(own)


def test_an_empty_cut_is_refused() -> None:
    with pytest.raises(ValueError, match=r"channel|cropping"):
        channel_slice(CHANNELS, CHANNELS, CHANNELS)(MAPS)


def test_a_saved_model_holds_keras_own_layer(tmp_path: Path) -> None:
    images = keras.Input(MAPS.shape[1:])
    network = keras.Model(images, channel_slice(CHANNELS, 2, 5, name="cut")(images))
    network.save(tmp_path / "saved.keras")
    loaded = keras.saving.load_model(tmp_path / "saved.keras")
    assert type(loaded.get_layer("cut")) is keras.layers.Cropping2D
    np.testing.assert_array_equal(loaded.predict(MAPS), MAPS[..., 2:5])
