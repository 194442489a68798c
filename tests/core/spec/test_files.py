"""Experiments come back from TOML as they went, and no file can do harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from core.errors import ConvscopeError, InvalidExperiment, UnknownPreset
from core.spec import Experiment
from core.spec.files import (
    experiment_from_toml,
    experiment_to_toml,
    preset_names,
    read_experiment,
    read_preset,
)
from tests.core.spec.strategies import experiments


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(experiments())
def test_an_experiment_survives_toml(experiment: Experiment) -> None:
    back = experiment_from_toml(experiment_to_toml(experiment))
    assert back == experiment
    assert back.digest == experiment.digest


def test_a_file_without_a_name_is_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "my_try.toml"
    path.write_text("[training]\nepochs = 3\n")
    experiment = read_experiment(path)
    assert (experiment.name, experiment.training.epochs) == ("my_try", 3)


def test_an_about_section_is_no_part_of_the_experiment() -> None:
    assert experiment_from_toml('[about]\ntitle = "x"\n') == Experiment()


HOSTILE = {
    "no TOML": "epochs: 3",
    "brackets without end": "a = " + "[" * 100_000,
    "nested lists": "seeds = " + "[" * 5000 + "]" * 5000,
    "nested tables": "[training]\nepochs" + ".a" * 50_000 + " = 1",
    "nested headers": "[training" + " . a" * 25_000 + "]",
    "many long keys": "\n".join(f"a{i}" + ".a" * 60 + " = 1" for i in range(1500)),
    "a number of many digits": "seeds = [" + "9" * 6000 + "]",
    "infinity": "[training]\nlearning_rate = inf",
    "overflow": "[training]\nlearning_rate = 1e999",
    "not a number": "[training]\nlearning_rate = nan",
    "a date": "[training]\nepochs = 2020-01-01",
    "a text for a number": '[training]\nepochs = "3"\nbatch_size = "many"',
    "a control character": 'name = "a\x00b"',
    "an unknown field": "[training]\nepoch = 3",
    "a list for a table": "model = [1, 2]",
    "too many stages": "[[model.stages]]\n" * 100,
    "too large": "# " + "x" * 1_100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_toml_is_refused_in_short_sentences(text: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        experiment_from_toml(text)
    assert all(len(str(error)) < 1000 for error in caught.value.errors)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.toml"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(InvalidExperiment, match=r"picture\.toml' cannot be read"):
        read_experiment(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(InvalidExperiment):
        read_experiment(Path("/dev/zero"))


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.toml"):
        with pytest.raises(InvalidExperiment, match="cannot be read"):
            read_experiment(path)


@pytest.mark.parametrize(
    "name", ["nothing_like_it", "../presets/basic_cnn", "", "Basic CNN", "a/b"]
)
def test_an_unknown_preset_lists_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownPreset, match="basic_cnn"):
        read_preset(name)


def test_a_broken_preset_names_its_field(tmp_path: Path) -> None:
    about = '[about]\ntitle = "t"\nteaches = "t"\ngroup = "A"\n'
    (tmp_path / "broken.toml").write_text(about + "[training]\nepochs = 0\n")
    (tmp_path / "mute.toml").write_text("[training]\nepochs = 1\n")
    assert preset_names(tmp_path) == ["broken", "mute"]
    with pytest.raises(ConvscopeError, match=r"training\.epochs"):
        read_preset("broken", tmp_path)
    with pytest.raises(InvalidExperiment, match="about"):
        read_preset("mute", tmp_path)
