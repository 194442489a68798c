"""Which Keras backend a run uses, chosen before Keras is imported.

Reproducibility: on a CPU with TensorFlow the same experiment and seed give the same history bit
for bit on the same machine, also when the run was stopped or killed and resumed. JAX and torch
pass the same tests. On a GPU the order of sums may vary: histories differ in their last digits.
Two engines get different weights and dropout from one seed: their histories are similar, never
equal.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from core.errors import TrainingFailed
from core.spec.training import Engine
from core.training.installed_engines import installed_engines

_log = logging.getLogger(__name__)


def select_engine(engine: Engine) -> str:
    """Set ``KERAS_BACKEND`` for this process and return it. Call it before Keras is imported.

    Raises TrainingFailed (``engine_missing``) when the engine is not installed, and
    (``engine_fixed``) when this process already imported Keras with another one.
    """
    name = _resolve(engine)
    loaded = sys.modules.get("keras")
    if loaded is not None and loaded.config.backend() != name:
        raise TrainingFailed(
            "engine_fixed",
            f"This process already computes with {loaded.config.backend()}; "
            f"a run with {name} needs a process of its own.",
        )
    os.environ["KERAS_BACKEND"] = name
    # Libraries read these when they are first imported. What the user has set stays.
    for variable, value in _DEFAULT_ENVIRONMENT.get(name, {}).items():
        os.environ.setdefault(variable, value)
    return name


def prepare_engine(name: str) -> None:
    """Configure the engine after its choice: less logging, and GPU memory that grows on demand."""
    if name == Engine.JAX.value:
        # It logs every kind of accelerator that it did not find.
        logging.getLogger("jax").setLevel(logging.WARNING)
    if name != Engine.TENSORFLOW.value:
        return
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError as error:
            # Too late for this process: training works, but takes all memory at once.
            _log.warning("GPU memory will not grow on demand: %s", error)


def has_gpu(name: str) -> bool:
    """Whether the engine has a GPU."""
    if name == Engine.TENSORFLOW.value:
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if name == Engine.JAX.value:
        import jax

        return any(device.platform != "cpu" for device in jax.devices())
    import torch

    return bool(torch.cuda.is_available())


def jit_compile(name: str) -> bool | str:
    """The argument for ``compile(jit_compile=...)``.

    XLA on a CPU was measured ten times slower than TensorFlow without it for these
    convolutions. JAX always compiles (see ``allow_jit``); torch runs eagerly, as its compiler
    needs a C++ tool chain on the machine.
    """
    if name == Engine.TORCH.value:
        return False
    if name == Engine.TENSORFLOW.value and not has_gpu(name):
        return False
    return "auto"


def allow_jit(model: Any, name: str) -> None:
    """Let JAX compile a whole Keras model, whatever its layers declare. Call before ``compile``.

    Keras' layers for shift, rotation and zoom declare that they cannot be compiled. That holds for
    TensorFlow's XLA (https://github.com/tensorflow/tensorflow/issues/55194), not for JAX, where
    one such layer would leave the whole model uncompiled: 9 s instead of 0.05 s per epoch of
    digits on two cores (measured), with the same numbers.
    """
    if name == Engine.JAX.value:
        for layer in model.layers:
            layer.supports_jit = True


# Keras imports TensorFlow for any engine where it is installed, to seed and to save.
_TENSORFLOW = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
_DEFAULT_ENVIRONMENT = {
    "tensorflow": _TENSORFLOW,
    "jax": {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", **_TENSORFLOW},
    "torch": _TENSORFLOW,
}


def _resolve(engine: Engine) -> str:
    installed = installed_engines()
    if engine is Engine.AUTO:
        if not installed:
            raise TrainingFailed(
                "engine_missing",
                "No engine is installed; `make setup` installs TensorFlow.",
            )
        return installed[0]
    if engine.value not in installed:
        raise TrainingFailed(
            "engine_missing",
            f"The engine {engine.value} is not installed here; installed: "
            f"{', '.join(installed) or 'none'}.",
        )
    return engine.value
