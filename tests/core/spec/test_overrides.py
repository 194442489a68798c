"""``--set`` reaches any field by its path and says which one was wrong."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidExperiment
from core.spec import Experiment, Model, Normalization
from core.spec.overrides import override
from core.text import shorten

CHANGES = [
    ("training.epochs=3", ["training", "epochs"], 3),
    ("training.learning_rate = 1e-2", ["training", "learning_rate"], 0.01),
    ("training.batch_size=32", ["training", "batch_size"], 32),
    ("data.dataset=digits", ["data", "dataset"], "digits"),
    ('data.dataset="digits"', ["data", "dataset"], "digits"),
    ("data.train_size=5000", ["data", "train_size"], 5000),
    ("data.train_size=none", ["data", "train_size"], None),
    ("data.augmentation.horizontal_flip=true", ["data", "augmentation", "horizontal_flip"], True),
    (
        "model.stages.0.convolutions.0.filters=64",
        ["model", "stages", 0, "convolutions", 0, "filters"],
        64,
    ),
    ("model.dense=[{ units = 7 }]", ["model", "dense", 0, "units"], 7),
    ("training.early_stopping.patience=4", ["training", "early_stopping", "patience"], 4),
    ("training.optimizer.kind=sgd", ["training", "optimizer", "kind"], "sgd"),
    ("seeds=[1, 2]", ["seeds", 1], 2),
    ("model.normalization=none", ["model", "normalization"], "none"),
    ("model.stages.0.pooling = none", ["model", "stages", 0, "pooling"], "none"),
    ("training.early_stopping=none", ["training", "early_stopping"], None),
    ("name=a = b", ["name"], "a = b"),
]


@pytest.mark.parametrize(
    ("assignment", "path", "value"), CHANGES, ids=[each[0] for each in CHANGES]
)
def test_any_field_can_be_set(assignment: str, path: list[str | int], value: Any) -> None:
    node: Any = override(Experiment(), [assignment]).to_dict()
    for part in path:
        node = node[part]
    assert node == value


def test_later_assignments_win_and_the_first_experiment_is_untouched() -> None:
    first = Experiment()
    changed = override(first, ["training.epochs=3", "training.epochs=4"])
    assert (changed.training.epochs, first.training.epochs) == (4, 10)


def test_another_kind_starts_from_its_own_defaults() -> None:
    changed = override(
        Experiment(),
        ["model.stages.0.convolutions.0.kind=dilated", "training.optimizer.kind=sgd"],
    )
    assert changed.to_dict()["model"]["stages"][0]["convolutions"][0]["dilation_rate"] == 2
    assert changed.to_dict()["training"]["optimizer"] == {
        "kind": "sgd",
        "momentum": 0.9,
        "nesterov": True,
    }


def test_none_empties_and_names_in_one_go() -> None:
    spec = Experiment().model_copy(update={"model": Model(normalization=Normalization.BATCH)})
    changed = override(spec, ["model.normalization=none", "data.train_size=none"])
    assert (changed.model.normalization, changed.data.train_size) == (Normalization.NONE, None)


REFUSALS = [
    ("training.epochs=none", "training.epochs"),
    ("training.epochs", "training.epochs"),
    ("=3", ""),
    ("training.epoch=3", "training.epoch"),
    ("nothing.at.all=3", "nothing.at.all"),
    ("training.epochs.more=3", "training.epochs.more"),
    ("training.epochs=many", "training.epochs"),
    ("training.epochs=1000000", "training.epochs"),
    ("training.learning_rate=nan", "training.learning_rate"),
    ("model.stages.9.pool_size=2", "model.stages.9.pool_size"),
    ("model.stages.-1.pool_size=2", "model.stages.-1.pool_size"),
    ("model.stages.².pool_size=2", "model.stages.².pool_size"),
    ("model.stages." + "9" * 5000 + "=2", "model.stages." + "9" * 5000),
    ("model.stages.0.convolutions.0.filters=0", "model.stages.0.convolutions.0.filters"),
    ("model.stages.0.convolutions.0.kind=magic", "model.stages.0.convolutions.0.kind"),
    ("seeds=[" + "9" * 6000 + "]", "seeds"),
    ("seeds=" + "[" * 100_000, "seeds"),
]


@pytest.mark.parametrize(("assignment", "field"), REFUSALS, ids=[each[0][:40] for each in REFUSALS])
def test_a_wrong_assignment_names_its_field(assignment: str, field: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        override(Experiment(), [assignment])
    assert caught.value.field == shorten(field, 200)
