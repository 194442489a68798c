"""Builds and compiles the model of an experiment."""

from __future__ import annotations

import keras

from core.datasets.opened import OpenedDataset
from core.models.builder import build
from core.models.plan import plan
from core.spec.experiment import Experiment
from core.spec.training import Training
from core.training.engine import allow_jit, has_gpu, jit_compile


def build_model(experiment: Experiment, dataset: OpenedDataset, engine: str) -> keras.Model:
    """The model, not yet compiled, with weights from the experiment's first seed."""
    keras.utils.set_random_seed(experiment.seed)
    policy = dtype_policy(experiment.training.mixed_precision, engine)
    keras.config.set_dtype_policy(policy)
    model = build(
        plan(experiment.model, experiment.data, dataset.image_shape, dataset.num_classes),
        seed=experiment.seed,
        mean=dataset.mean,
        std=dataset.std,
    )
    allow_jit(model, engine)
    return model


def compile_model(
    model: keras.Model,
    training: Training,
    optimizer: keras.optimizers.Optimizer,
    engine: str,
    *,
    one_hot: bool,
) -> None:
    """Compile a model for targets that are one-hot, (B, classes), or class numbers, (B,).

    Where labels are mixed, a prediction is correct if it is the class of the larger share.
    """
    if one_hot:
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=training.label_smoothing)
        accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")
    else:
        loss = keras.losses.SparseCategoricalCrossentropy()
        accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    model.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=[accuracy],
        jit_compile=jit_compile(engine),
    )


def dtype_policy(mixed_precision: bool, engine: str) -> str:
    """Keras' name of the number format: bfloat16 on CPUs, which have no fast float16 kernels."""
    if not mixed_precision:
        return "float32"
    return "mixed_float16" if has_gpu(engine) else "mixed_bfloat16"
