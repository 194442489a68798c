"""From an experiment to a network that is ready to train."""

from __future__ import annotations

import keras

from core.datasets.opened import OpenedDataset
from core.models.builder import build
from core.models.plan import plan
from core.spec.experiment import Experiment
from core.spec.training import Training
from core.training.engine import has_gpu, jit_compile, let_compile


def built_network(experiment: Experiment, dataset: OpenedDataset, engine: str) -> keras.Model:
    """The network, not yet compiled."""
    keras.utils.set_random_seed(experiment.seed)
    policy = dtype_policy(experiment.training.mixed_precision, engine)
    keras.config.set_dtype_policy(policy)
    network = build(
        plan(experiment.model, experiment.data, dataset.image_shape, dataset.num_classes),
        seed=experiment.seed,
        mean=dataset.mean,
        std=dataset.std,
    )
    let_compile(network, engine)
    return network


def compile_network(
    network: keras.Model,
    training: Training,
    optimizer: keras.optimizers.Optimizer,
    engine: str,
    *,
    one_hot: bool,
) -> None:
    """Give a network what it needs to train, on targets one-hot or by number.

    Where labels are mixed, accuracy counts the answers that are the class of the larger share.
    """
    if one_hot:
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=training.label_smoothing)
        accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    else:
        loss = keras.losses.SparseCategoricalCrossentropy()
        accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    network.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=[accuracy],
        jit_compile=jit_compile(engine),
    )


def dtype_policy(mixed_precision: bool, engine: str) -> str:
    """Keras' name of the number format. CPUs have no float16 kernels worth the name."""
    if not mixed_precision:
        return "float32"
    return "mixed_float16" if has_gpu(engine) else "mixed_bfloat16"
