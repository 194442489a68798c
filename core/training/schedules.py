"""The learning rate as Keras wants it: a pure function of the step."""

from __future__ import annotations

from typing import Any

import keras

from core.spec.training import Training
from core.training.rates import rate


@keras.saving.register_keras_serializable(package="convscope")
class RateSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """``core.training.rates`` on the engine's own tensors."""

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
