"""What a student would write: `basic_cnn` with three hyperparameters, searched by Keras Tuner.

Knows nothing of the lab. Prints the values and the score of every trial, in the order in which
they were tried, and the seconds that `fit` took over all of them, as JSON.
"""

import json
import sys
import time

import keras
import keras_tuner
import numpy as np

arrays_file, folder, max_trials, epochs, batch_size, seed = sys.argv[1:]
data = np.load(arrays_file)
x_train, y_train = data["x_train"].astype("float32") / 255.0, data["y_train"]
x_val, y_val = data["x_val"].astype("float32") / 255.0, data["y_val"]
seconds_in_fit = []


def build(hp):
    """The network with this trial's values."""
    filters = hp.Choice("filters", [16, 32])
    dropout = hp.Choice("dropout", [0.0, 0.25, 0.5])
    learning_rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input(x_train.shape[1:]),
            keras.layers.Conv2D(filters, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


class Timed(keras_tuner.HyperModel):
    """The same network, with a stopwatch around its training."""

    def build(self, hp):
        """See above."""
        return build(hp)

    def fit(self, hp, model, *args, **kwargs):
        """Train, and note how long it took."""
        started = time.perf_counter()
        try:
            return model.fit(*args, **kwargs)
        finally:
            seconds_in_fit.append(time.perf_counter() - started)


class RandomSearch(keras_tuner.RandomSearch):
    """Keras Tuner's own, which TensorFlow 2.21 stops at its first trial."""

    def _configure_tensorboard_dir(self, callbacks, trial, execution=0):
        # It imports tensorboard, which TensorFlow no longer brings, for a callback that is not
        # used here. Nothing else of the search is changed.
        return None


tuner = RandomSearch(
    Timed(),
    objective="val_accuracy",
    max_trials=int(max_trials),
    seed=int(seed),
    directory=folder,
    project_name="plain",
)
tuner.search(
    x_train,
    y_train,
    epochs=int(epochs),
    batch_size=int(batch_size),
    validation_data=(x_val, y_val),
    verbose=0,
)
order = [tuner.oracle.trials[each] for each in tuner.oracle.start_order]
trials = [{"values": each.hyperparameters.values, "score": each.score} for each in order]
print(json.dumps({"trials": trials, "seconds_in_fit": sum(seconds_in_fit)}))
