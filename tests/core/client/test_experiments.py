"""Experiments: presets, files, and what is wrong with one before its launch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.client import Client
from core.errors import (
    UnknownPreset,
)
from core.spec import Experiment
from core.spec.files import experiment_to_toml
from core.spec.overrides import override


def test_every_preset_is_offered_and_can_be_described(client: Client) -> None:
    presets = client.experiments.presets()
    assert {"basic_cnn", "dropout_conv_fc", "batch_norm", "l2", "scratch_cnn"} <= {
        preset.name for preset in presets
    }
    for preset in presets:
        assert client.experiments.describe(preset.experiment).parameters > 0


def test_a_reference_is_a_preset_or_a_file(
    client: Client, experiment: Experiment, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(experiment_to_toml(experiment), encoding="utf-8")
    assert client.experiments.read(str(path)) == (experiment, None)
    preset = client.experiments.preset("basic_cnn")
    assert client.experiments.read("basic_cnn") == (preset.experiment, "basic_cnn")


@pytest.mark.parametrize("reference", ["no_such", "no/such.toml", "../basic_cnn", ""])
def test_an_unknown_reference_is_named(client: Client, reference: str) -> None:
    with pytest.raises(UnknownPreset, match=r"preset|experiment file"):
        client.experiments.read(reference)


def test_check_names_every_field_that_stops_a_launch(
    client: Client, experiment: Experiment
) -> None:
    wrong = override(
        experiment,
        [
            "data.train_size=5000",
            "training.engine=jax",
            "model.stages.0.convolutions.0.kernel_size=9",
            "model.stages.0.convolutions.0.padding=valid",
        ],
    )
    fields = {error.field for error in client.experiments.check(wrong)}
    assert "data.train_size" in fields
    assert "model.stages.0.convolutions.0.kernel_size" in fields
    assert ("training.engine" in fields) == (
        subprocess.run(
            [sys.executable, "-c", "import jax"], capture_output=True, check=False
        ).returncode
        != 0
    )
    assert client.experiments.check(experiment) == []


def test_an_unknown_data_set_is_a_wrong_field(client: Client, experiment: Experiment) -> None:
    [error] = client.experiments.check(override(experiment, ["data.dataset=cifar12"]))
    assert error.field == "data.dataset"
    assert "cifar10" in error.message
