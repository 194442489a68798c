"""The demo: two experiments that differ in dropout only."""

from __future__ import annotations

from core.client import Client
from core.client.demo import demo_experiments


def test_the_demo_is_a_pair_that_differs_in_dropout_alone(client: Client) -> None:
    plain, dropout = demo_experiments()
    assert client.experiments.check(plain) == client.experiments.check(dropout) == []
    assert plain.data == dropout.data
    assert plain.training == dropout.training
    same = dropout.model.model_copy(update={"regularization": plain.model.regularization})
    assert same == plain.model
    assert dropout.model.regularization.dense_dropout > 0
