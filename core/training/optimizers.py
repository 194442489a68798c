"""Builds Keras' optimiser, with its learning rate or schedule, from the spec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from core.spec.training import SGD, Adam, AdamW, RMSprop, Training
from core.training.rates import rate


def build_optimizer(training: Training, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The optimiser with its learning rate or schedule, and gradient clipping by global norm."""
    make = OPTIMIZERS[training.optimizer.kind]
    return make(
        training.optimizer,
        learning_rate=learning_rate(training, steps_per_epoch),
        global_clipnorm=training.gradient_clip_norm,
    )


def _sgd(spec: SGD, **shared: Any) -> keras.optimizers.Optimizer:
    # Nesterov takes the gradient a step ahead along the momentum: without one it has no meaning.
    nesterov = spec.nesterov and spec.momentum > 0
    return keras.optimizers.SGD(momentum=spec.momentum, nesterov=nesterov, **shared)


def _rmsprop(spec: RMSprop, **shared: Any) -> keras.optimizers.Optimizer:
    return keras.optimizers.RMSprop(rho=spec.rho, **shared)


def _adam(spec: Adam, **shared: Any) -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(beta_1=spec.beta_1, beta_2=spec.beta_2, **shared)


def _adamw(spec: AdamW, **shared: Any) -> keras.optimizers.Optimizer:
    return keras.optimizers.AdamW(
        beta_1=spec.beta_1, beta_2=spec.beta_2, weight_decay=spec.weight_decay, **shared
    )


OPTIMIZERS: dict[str, Callable[..., keras.optimizers.Optimizer]] = {
    "sgd": _sgd,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adamw,
}
"""Every optimiser by its kind."""


@keras.saving.register_keras_serializable(package="convscope")
class RateSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """``core.training.rates`` on the engine's tensors: a pure function of the step."""

    def __init__(self, training: Training | dict[str, Any], steps_per_epoch: int) -> None:
        self.training = Training.model_validate(training)
        self.steps_per_epoch = steps_per_epoch

    def __call__(self, step: Any) -> Any:
        """Learning rate of the step, counted from 0, as a float tensor."""
        step = keras.ops.cast(step, "float32")
        value = rate(self.training, self.steps_per_epoch, step, keras.ops)
        return keras.ops.cast(value, "float32")

    def get_config(self) -> dict[str, Any]:
        """Plain data that ``from_config`` takes back."""
        return {
            "training": self.training.model_dump(mode="json"),
            "steps_per_epoch": self.steps_per_epoch,
        }


def learning_rate(training: Training, steps_per_epoch: int) -> float | RateSchedule:
    """A number where the rate is constant (a plateau rule may lower it), else a schedule."""
    if training.schedule.kind == "constant" and not training.warmup_epochs:
        return training.learning_rate
    return RateSchedule(training, steps_per_epoch)
