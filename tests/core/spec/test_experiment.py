"""What an experiment refuses, at which field, and what its digest covers."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from core.errors import InvalidExperiment
from core.spec import Experiment, parse
from tests.core.spec.strategies import experiments


def conv(**fields: Any) -> dict[str, Any]:
    return {"model": {"stages": [{"convolutions": [{"kind": "normal", **fields}]}]}}


FIRST = "model.stages.0.convolutions.0"
REGULARIZATION = "model.regularization"
NONSENSE: list[tuple[dict[str, Any], str]] = [
    (conv(filters=0), f"{FIRST}.filters"),
    (conv(filters=10**12), f"{FIRST}.filters"),
    (conv(filters=1.5), f"{FIRST}.filters"),
    (conv(kernel_size=0), f"{FIRST}.kernel_size"),
    (conv(kind="pointwise", kernel_size=3), f"{FIRST}.kernel_size"),
    (conv(kind="magic"), f"{FIRST}.kind"),
    (conv(kind="normal", dilation_rate=2), f"{FIRST}.dilation_rate"),
    (conv(kind="dilated", dilation_rate=2, strides=2), f"{FIRST}.strides"),
    (conv(padding="reflect"), f"{FIRST}.padding"),
    (conv(kind="grouped", groups=0), f"{FIRST}.groups"),
    (conv(kind="mixed_groups", windows=[{}]), f"{FIRST}.windows"),
    (conv(kind="mixed_groups", windows=[{}, {"kernel_size": 0}]), f"{FIRST}.windows.1.kernel_size"),
    (conv(kind="mixed_groups", groups=2), f"{FIRST}.groups"),
    (conv(kind="depthwise", filters=8), f"{FIRST}.filters"),
    (conv(kind="depthwise", depth_multiplier=0), f"{FIRST}.depth_multiplier"),
    (conv(kind="residual", padding="valid"), f"{FIRST}.padding"),
    (conv(kind="residual", order="backwards"), f"{FIRST}.order"),
    (conv(kind="inverted_residual", expansion=0), f"{FIRST}.expansion"),
    ({"model": {"normalization_groups": 0}}, "model.normalization_groups"),
    (
        {"model": {"regularization": {"stochastic_depth": 1.0}}},
        f"{REGULARIZATION}.stochastic_depth",
    ),
    ({"model": {"regularization": {"conv_l1": -1.0}}}, f"{REGULARIZATION}.conv_l1"),
    ({"model": {"regularization": {"dropout_kind": "rare"}}}, f"{REGULARIZATION}.dropout_kind"),
    ({"model": {"stages": []}}, "model.stages"),
    ({"model": {"stages": [{"convolutions": []}]}}, "model.stages.0.convolutions"),
    ({"model": {"stages": [{"pool_size": 0}]}}, "model.stages.0.pool_size"),
    ({"model": {"dense": [{"units": 0}]}}, "model.dense.0.units"),
    ({"model": {"regularization": {"conv_dropout": 1.0}}}, "model.regularization.conv_dropout"),
    ({"model": {"regularization": {"conv_l2": -1.0}}}, "model.regularization.conv_l2"),
    ({"training": {"learning_rate": math.nan}}, "training.learning_rate"),
    ({"training": {"learning_rate": math.inf}}, "training.learning_rate"),
    ({"training": {"learning_rate": 0}}, "training.learning_rate"),
    ({"training": {"epochs": 1_000_000}}, "training.epochs"),
    ({"training": {"optimizer": {"kind": "sgd", "beta_1": 0.5}}}, "training.optimizer.beta_1"),
    (
        {"training": {"reduce_on_plateau": {}, "schedule": {"kind": "cosine"}}},
        "training.reduce_on_plateau",
    ),
    ({"training": {"warmup_epochs": 11.0}}, "training.warmup_epochs"),
    ({"seeds": [1, 1]}, "seeds"),
    ({"seeds": []}, "seeds"),
    ({"seeds": [-1]}, "seeds.0"),
    ({"data": {"dataset": "../secrets"}}, "data.dataset"),
    ({"data": {"validation_fraction": 0.0}}, "data.validation_fraction"),
    ({"surprise": 1}, "surprise"),
]


@pytest.mark.parametrize(("raw", "field"), NONSENSE, ids=[str(each[0])[:60] for each in NONSENSE])
def test_nonsense_is_refused_at_its_field(raw: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        parse(raw)
    assert [error.field for error in caught.value.errors] == [field]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"seeds": []}, "seeds: Expected at least 1. Got []."),
        ({"seeds": ["abc"]}, "seeds.0: Expected a whole number. Got 'abc'."),
        ({"training": {"epochs": 1.5}}, "training.epochs: Expected a whole number. Got 1.5."),
        ({"training": {"learning_rate": "a{b}"}}, "Expected a number. Got 'a{b}'."),
        ({"name": "x" * 121}, "name: Expected at most 120 characters."),
        ({"training": {"optimizer": {"kind": "{0}"}}}, "Got '{0}'."),
        ({"training": {"optimizer": {}}}, "training.optimizer.kind: This field is required."),
        ({"training": {"schedule": 3}}, "schedule: Expected a table of fields. Got 3."),
        ({"training": {"mixed_precision": 7}}, "precision: Expected true or false. Got 7."),
        ({"training": 3}, "training: Expected a table of fields. Got 3."),
        ({"seeds": 3}, "seeds: Expected a list. Got 3."),
        ({"name": 3}, "name: Expected text. Got 3."),
        ({"model": {"flatten": 3}}, "model.flatten: Expected 'flatten', "),
    ],
)
def test_sentences_speak_of_no_python_types(raw: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        parse(raw)
    assert sentence in str(caught.value)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(InvalidExperiment) as caught:
        parse({"training": {"epochs": 0, "batch_size": 0}, "seeds": [1, 1]})
    fields = {error.field for error in caught.value.errors}
    assert {"training.epochs", "training.batch_size"} <= fields


def test_the_digest_ignores_what_people_write_and_nothing_else() -> None:
    first = Experiment()
    assert first.model_copy(update={"name": "a", "notes": "b"}).digest == first.digest
    assert first.for_seed(2).digest != first.digest
    assert parse({"training": {"epochs": 11}}).digest != first.digest
    assert parse({"data": {"augmentation": {"shift": 0.1}}}).digest != first.digest


def test_the_digest_of_the_defaults_is_stable() -> None:
    # Runs are found again by it: a change to a default must be meant.
    assert Experiment().digest == parse({}).digest == parse(Experiment().to_dict()).digest


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(experiments())
def test_plain_data_reads_back(experiment: Experiment) -> None:
    assert parse(experiment.to_dict()) == experiment


def test_one_experiment_for_each_seed() -> None:
    experiment = parse({"seeds": [3, 5]})
    assert [experiment.for_seed(seed).seed for seed in experiment.seeds] == [3, 5]


def test_a_backbone_takes_the_place_of_stages() -> None:
    network = parse({"model": {"backbone": {"network": "VGG16"}}})
    assert network.model.stages == ()
    assert parse(network.to_dict()) == network
    with pytest.raises(InvalidExperiment) as both:
        parse({"model": {"backbone": {}, "stages": [{}]}})
    with pytest.raises(InvalidExperiment) as neither:
        parse({"model": {"stages": []}})
    assert both.value.field == neither.value.field == "model.stages"


def test_fine_tuning_is_of_a_backbone_and_adds_its_epochs() -> None:
    tuning = {"training": {"epochs": 3, "fine_tuning": {"epochs": 4}}}
    tuned = parse({"model": {"backbone": {}}, **tuning})
    assert tuned.total_epochs == tuned.training.total_epochs == 7
    assert parse({"training": {"epochs": 3}}).total_epochs == 3
    with pytest.raises(InvalidExperiment) as caught:
        parse(tuning)
    assert caught.value.field == "training.fine_tuning"
