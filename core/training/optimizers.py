"""From an optimiser's spec to Keras' optimiser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from core.spec.training import SGD, Adam, AdamW, RMSprop, Training
from core.training.schedules import learning_rate


def build_optimizer(training: Training, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The optimiser with its learning rate or schedule, and gradient clipping by global norm."""
    make = OPTIMIZERS[training.optimizer.kind]
    return make(
        training.optimizer,
        learning_rate=learning_rate(training, steps_per_epoch),
        global_clipnorm=training.gradient_clip_norm,
    )


def _sgd(spec: SGD, **shared: Any) -> keras.optimizers.Optimizer:
    # Nesterov looks ahead along the momentum: without momentum there is nothing to look along.
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
