"""What a student would write: the network of `basic_cnn`, arrays in memory, `fit`.

Knows nothing of the lab. Prints seconds of every epoch, validation included, as JSON.
"""

import json
import sys
import time

import keras
import numpy as np

arrays_file, epochs, batch_size = sys.argv[1:]
data = np.load(arrays_file)
x_train, y_train = data["x_train"].astype("float32") / 255.0, data["y_train"]
x_val, y_val = data["x_val"].astype("float32") / 255.0, data["y_val"]

keras.utils.set_random_seed(1)
model = keras.Sequential(
    [
        keras.Input(x_train.shape[1:]),
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
starts, ends = [], []
stopwatch = keras.callbacks.LambdaCallback(
    on_epoch_begin=lambda epoch, logs: starts.append(time.perf_counter()),
    on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter()),
)
model.fit(
    x_train,
    y_train,
    batch_size=int(batch_size),
    epochs=int(epochs),
    shuffle=True,
    validation_data=(x_val, y_val),
    callbacks=[stopwatch],
    verbose=0,
)
seconds = [end - start for start, end in zip(starts, ends, strict=True)]
print(json.dumps({"seconds": seconds, "parameters": model.count_params()}))
