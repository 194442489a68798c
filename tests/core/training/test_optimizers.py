"""Every optimiser of the spec builds, trains one step and keeps its settings."""

from __future__ import annotations

from typing import Any, get_args

import keras
import numpy as np
import pytest

from core.spec.training import Optimizer, Training
from core.training.optimizers import OPTIMIZERS, build_optimizer

KINDS = [spec.model_fields["kind"].default for spec in get_args(get_args(Optimizer)[0])]
SCHEDULES = ["constant", "step", "cosine", "one_cycle"]


def training(**changes: Any) -> Training:
    return Training.model_validate({"epochs": 2, "learning_rate": 0.05, **changes})


def test_every_kind_of_the_spec_has_its_builder_and_no_other() -> None:
    assert sorted(KINDS) == sorted(OPTIMIZERS)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("kind", KINDS)
def test_it_makes_a_step_that_lowers_the_loss(kind: str, schedule: str) -> None:
    spec = training(optimizer={"kind": kind}, schedule={"kind": schedule}, gradient_clip_norm=1.0)
    optimizer = build_optimizer(spec, steps_per_epoch=4)
    weight = keras.Variable(np.array([1.0, -2.0], dtype="float32"))
    optimizer.build([weight])
    for _ in range(4):
        # The gradient of the sum of squares.
        optimizer.apply([keras.ops.multiply(2.0, weight)])

    assert np.abs(keras.ops.convert_to_numpy(weight)).sum() < 3.0
    assert optimizer.global_clipnorm == 1.0


def test_clipping_shortens_a_long_gradient_to_the_norm() -> None:
    spec = training(
        optimizer={"kind": "sgd", "momentum": 0.0}, gradient_clip_norm=0.5, learning_rate=1.0
    )
    optimizer = build_optimizer(spec, steps_per_epoch=1)
    weight = keras.Variable(np.zeros(2, dtype="float32"))
    optimizer.apply([keras.ops.convert_to_tensor([30.0, 40.0], dtype="float32")], [weight])

    np.testing.assert_allclose(keras.ops.convert_to_numpy(weight), [-0.3, -0.4], rtol=1e-5)


def test_settings_arrive() -> None:
    sgd = build_optimizer(training(optimizer={"kind": "sgd", "momentum": 0.7}), 1)
    adamw = build_optimizer(training(optimizer={"kind": "adamw", "weight_decay": 0.02}), 1)

    assert (sgd.momentum, sgd.nesterov) == (0.7, True)
    assert adamw.weight_decay == 0.02
    assert float(adamw.learning_rate) == pytest.approx(0.05)
