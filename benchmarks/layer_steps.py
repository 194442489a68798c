"""Steps of a small network with a layer as Keras has it and as the lab has it, turn about.

`python -m benchmarks.layer_steps LAYER ROUNDS STEPS` prints images per second of each, one number
a round and number format, as JSON.
"""

import json
import sys
import time
from collections.abc import Callable

import keras
import numpy as np

from core.models.fast_layers.batch_norm import batch_normalization
from core.models.fast_layers.channel_slice import channel_slice
from core.models.fast_layers.grouped_conv import conv2d

BATCH, SIDE = 128, 32
FILTERS = (64, 128, 256)

Made = Callable[..., keras.layers.Layer]


def batch_norm(made: Made) -> Callable[[int], list[keras.layers.Layer]]:
    """A convolution with batch norm behind it."""
    return lambda filters: [
        keras.layers.Conv2D(filters, 3, padding="same", use_bias=False),
        made(),
    ]


def grouped_conv(made: Made) -> Callable[[int], list[keras.layers.Layer]]:
    """A pointwise convolution and one in two groups."""
    return lambda filters: [
        keras.layers.Conv2D(filters, 1),
        made(filters, kernel_size=3, padding="same", groups=2),
    ]


def keras_slice(channels: int, start: int, stop: int) -> keras.layers.Layer:
    """What `channel_slice` is with other engines, and with a GPU."""
    return keras.layers.Cropping2D(((0, 0), (start, channels - stop)), data_format="channels_first")


def mixed_groups(made: Made) -> Callable[[int], list[keras.layers.Layer]]:
    """A pointwise convolution and one of which each half looks at half of the channels."""

    def halves(filters: int) -> keras.layers.Layer:
        maps = keras.Input((None, None, filters), dtype=keras.config.dtype_policy().compute_dtype)
        half = filters // 2
        made_of = [
            keras.layers.Conv2D(half, window, padding="same")(
                made(filters, start, start + half)(maps)
            )
            for start, window in ((0, 3), (half, 5))
        ]
        return keras.Model(maps, keras.layers.Concatenate()(made_of))

    return lambda filters: [keras.layers.Conv2D(filters, 1), halves(filters)]


LAYERS = {
    "batch_norm": (batch_norm, keras.layers.BatchNormalization, batch_normalization),
    "grouped_conv": (grouped_conv, keras.layers.Conv2D, conv2d),
    "channel_slice": (mixed_groups, keras_slice, channel_slice),
}
"""Name to what a stage holds, Keras' own layer and the lab's."""


def network(stage: Callable[[int], list[keras.layers.Layer]]) -> keras.Model:
    """Three stages, ready to train."""
    images = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Rescaling(1 / 255)(images)
    for filters in FILTERS:
        for layer in stage(filters):
            x = layer(x)
        x = keras.layers.MaxPooling2D()(keras.layers.Activation("relu")(x))
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(images, keras.layers.Dense(10, activation="softmax", dtype="float32")(x))
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    model.train_on_batch(pictures, labels)  # traces
    return model


def speed(model: keras.Model) -> float:
    """Images per second."""
    started = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(pictures, labels)
    return steps * BATCH / (time.perf_counter() - started)


stage_with, of_keras, of_the_lab = LAYERS[sys.argv[1]]
rounds, steps = int(sys.argv[2]), int(sys.argv[3])
chance = np.random.default_rng(1)
pictures = chance.integers(0, 256, (BATCH, SIDE, SIDE, 3)).astype("float32")
labels = chance.integers(0, 10, BATCH)
told = {}
for policy in ("float32", "mixed_bfloat16"):
    keras.config.set_dtype_policy(policy)
    models = {
        "keras": network(stage_with(of_keras)),
        "lab": network(stage_with(of_the_lab)),
    }
    turns = [{name: speed(model) for name, model in models.items()} for _ in range(rounds)]
    told[policy] = {name: [turn[name] for turn in turns] for name in models}
print(json.dumps(told))
