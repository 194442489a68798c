"""The plan says what Keras then builds: every shape, every parameter."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import keras
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.errors import ModelDoesNotFit
from core.models.builder import build
from core.models.graph import Plan
from core.spec import Experiment
from core.spec.files import preset_names, read_preset
from tests.core.models.example_models import dense_base, lenet5, plan_of, small_experiments


def check(network: Plan) -> None:
    model = build(network, seed=1, mean=[0.5] * 3, std=[0.25] * 3)
    for node in network.nodes:
        layer = model.get_layer(node.name)
        trainable = sum(prod(weight.shape) for weight in layer.trainable_weights)
        found = (type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        assert found == (node.kind, node.output_shape, node.parameters), node.name
        assert trainable == node.trainable, node.name
    assert model.count_params() == network.parameters
    assert model.output_shape == (None, network.num_classes)
    keras.backend.clear_session()


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_as_planned(name: str) -> None:
    # Odd sides: every pooling and stride has something left over.
    check(plan_of(read_preset(name).experiment, (35, 37, 3)))


@pytest.mark.parametrize("make", [dense_base, lenet5])
def test_known_models_are_as_planned(make: Callable[[], Experiment]) -> None:
    check(plan_of(make(), (32, 32, 3)))


sides = st.integers(4, 17)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(small_experiments(), st.tuples(sides, sides, st.just(3)))
def test_random_models_are_as_planned(spec: Experiment, shape: tuple[int, int, int]) -> None:
    try:
        network = plan_of(spec, shape)
    except ModelDoesNotFit:
        assume(False)
        raise
    check(network)
