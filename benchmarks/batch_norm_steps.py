"""Steps of a small network with Keras' batch normalisation and with the lab's, turn about.

Prints images per second of each, one number a round and number format, as JSON.
"""

import json
import sys
import time
from collections.abc import Callable

import keras
import numpy as np

from core.models.batch_norm import batch_normalization

BATCH, SIDE = 128, 32
FILTERS = (64, 128, 256)
rounds, steps = int(sys.argv[1]), int(sys.argv[2])


def network(normalization: Callable[[], keras.layers.Layer]) -> keras.Model:
    """Three convolutions with batch norm, ready to train."""
    images = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Rescaling(1 / 255)(images)
    for filters in FILTERS:
        x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = keras.layers.Activation("relu")(normalization()(x))
        x = keras.layers.MaxPooling2D()(x)
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


chance = np.random.default_rng(1)
pictures = chance.integers(0, 256, (BATCH, SIDE, SIDE, 3)).astype("float32")
labels = chance.integers(0, 10, BATCH)
told = {}
for policy in ("float32", "mixed_bfloat16"):
    keras.config.set_dtype_policy(policy)
    models = {
        "keras": network(keras.layers.BatchNormalization),
        "lab": network(batch_normalization),
    }
    turns = [{name: speed(model) for name, model in models.items()} for _ in range(rounds)]
    told[policy] = {name: [turn[name] for turn in turns] for name in models}
print(json.dumps(told))
