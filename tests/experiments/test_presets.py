"""Every preset keeps its promise: it loads, builds, trains, and says what it teaches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.datasets.catalog import DATASETS, DIGITS
from core.models.builder import build
from core.models.plan import plan
from core.models.summary import describe
from core.spec.files import PRESETS, experiment_to_toml, preset_names, read_experiment, read_preset

NAMES = preset_names()
BASE = "base_cnn"


def test_the_first_presets_are_there() -> None:
    assert {"basic_cnn", BASE, "dropout_conv_fc", "batch_norm", "l2", "scratch_cnn"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_says_what_it_teaches_and_where_it_comes_from(name: str) -> None:
    about = read_preset(name).about
    for text in (about.title, about.teaches, about.reference, about.origin):
        assert text.strip() == text != ""
    assert len(about.teaches.split()) >= 30
    assert about.group in "ABCDE"
    assert set(about.compare_with) <= set(NAMES) - {name}


@pytest.mark.parametrize("name", NAMES)
def test_what_was_measured_is_whole_or_said_to_be_missing(name: str) -> None:
    text = (PRESETS / f"{name}.toml").read_text()
    measured = read_preset(name).about.measured
    assert ("Not yet measured." in text) is not bool(measured)
    for each in measured:
        assert each.split in {"train", "validation", "test"}
        assert each.which in {"best", "last"}
        assert each.images > 0
        assert each.seconds > 0
        assert all((each.engine, each.machine, each.date, each.seeds))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_preset_fits_every_data_set(name: str, dataset: str) -> None:
    assert describe(read_preset(name).experiment, DATASETS[dataset]).parameters > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_builds_and_trains_one_step(name: str) -> None:
    experiment = read_preset(name).experiment
    network = plan(experiment.model, experiment.data, DIGITS.image_shape, DIGITS.num_classes)
    model = build(network, seed=1, mean=[0.3], std=[0.4])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", jit_compile=False)
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)
    loss = model.train_on_batch(images, np.arange(20) % 10)
    assert np.isfinite(loss)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_reads_back_from_what_it_writes(name: str, tmp_path: Path) -> None:
    experiment = read_preset(name).experiment
    path = tmp_path / "copy.toml"
    path.write_text(experiment_to_toml(experiment))
    assert read_experiment(path) == experiment


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("dropout_conv_fc", {"regularization"}),
        ("batch_norm", {"normalization"}),
        ("l2", {"normalization", "regularization"}),
    ],
)
def test_an_experiment_differs_from_the_base_only_in_what_it_teaches(
    name: str, changed: set[str]
) -> None:
    base, other = read_preset(BASE).experiment, read_preset(name).experiment
    assert (other.data, other.training, other.seeds) == (base.data, base.training, base.seeds)
    before, after = base.to_dict()["model"], other.to_dict()["model"]
    assert {key for key in before if before[key] != after[key]} == changed


def test_scratch_cnn_is_as_its_recipe_says() -> None:
    experiment = read_preset("scratch_cnn").experiment
    layers = describe(experiment, DATASETS["cifar10"]).layers
    assert [row.kind for row in layers if row.kind != "Activation"] == [
        "Normalization",
        *(["Conv2D", "BatchNormalization", "MaxPooling2D", "Dropout"] * 3),
        "Flatten",
        "Dense",
    ]
    rates = [stage.dropout for stage in experiment.model.stages]
    training = experiment.training
    assert rates == [0.25, 0.4, 0.5]
    assert (training.epochs, training.batch_size, training.learning_rate) == (30, 64, 0.001)
    assert training.optimizer.kind == "adam"
    assert training.reduce_on_plateau is not None
    plateau = training.reduce_on_plateau
    assert (plateau.monitor, plateau.patience, plateau.factor) == ("val_accuracy", 3, 0.5)
    assert training.early_stopping is not None
