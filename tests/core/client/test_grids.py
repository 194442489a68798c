"""Promise: many runs are launched together or not at all, and cost what is said beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.client import Client
from core.errors import InvalidExperiment
from core.spec import Experiment, parse
from core.spec.files import experiment_to_toml
from core.spec.grid import Grid, axis_from_text, grid_of, points
from core.spec.overrides import override

BACKBONE = {"network": "MobileNetV2", "image_size": 32, "weights": {"kind": "none"}}


def grid(*texts: str) -> Grid:
    return grid_of(axis_from_text(text) for text in texts)


def test_a_grid_is_one_group_of_runs_with_names_of_their_own(
    client: Client, experiment: Experiment
) -> None:
    two_seeds = override(experiment, ["seeds=[1, 2]"])
    varied = grid("training.learning_rate=0.1,0.01")
    assert client.grids.check(two_seeds, varied) == []
    runs = client.grids.submit(two_seeds, varied, preset="l2", tags=["lab"])
    assert [(run.name, run.seed) for run in runs] == [
        ("small learning_rate=0.1", 1),
        ("small learning_rate=0.1", 2),
        ("small learning_rate=0.01", 1),
        ("small learning_rate=0.01", 2),
    ]
    rates = [run.config["training"]["learning_rate"] for run in runs]
    assert rates == [0.1, 0.1, 0.01, 0.01]
    assert len({run.group_id for run in runs}) == 1
    assert {run.preset for run in runs} == {"l2"}
    assert {run.tags for run in runs} == {("lab",)}


def test_a_grid_without_a_name_has_its_presets(client: Client, experiment: Experiment) -> None:
    nameless = experiment.model_copy(update={"name": ""})
    [run] = client.grids.submit(nameless, grid("training.epochs=1"), preset="l2")
    assert run.name == "l2 epochs=1"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("training.epochs=1,0", "training.epochs"),
        ("data.dataset=digits,nowhere", "data.dataset"),
        ("data.train_size=100,1000000", "data.train_size"),
        ("model.stages.0.convolutions.0.groups=1,3", "model.stages.0.convolutions.0.groups"),
    ],
)
def test_one_wrong_value_and_nothing_is_written(
    client: Client, experiment: Experiment, text: str, field: str
) -> None:
    base = experiment
    if "groups" in text:
        base = override(experiment, ["model.stages.0.convolutions.0.kind=grouped"])
    assert [each.field for each in client.grids.check(base, grid(text))] == [field]
    with pytest.raises(InvalidExperiment) as caught:
        client.grids.submit(base, grid(text))
    assert caught.value.field == field
    assert client.runs.list() == []


def test_what_only_one_combination_brings_is_said_with_its_values(
    client: Client, experiment: Experiment
) -> None:
    valid = override(experiment, ["model.stages.0.convolutions.0.padding=valid"])
    errors = client.grids.check(valid, grid("model.stages.0.convolutions.0.repeats=1,16"))
    assert errors
    assert all("repeats=16" in each.message or "repeats" in each.field for each in errors)


def test_the_estimate_is_the_sum_over_all_runs(client: Client, experiment: Experiment) -> None:
    two_seeds = override(experiment, ["seeds=[1, 2]"])
    whole = client.grids.estimate(two_seeds, grid("training.epochs=2,4"))
    assert whole.num_runs == 4
    each = client.experiments.estimate(experiment).seconds_per_epoch
    assert whole.seconds == pytest.approx(2 * (2 + 4) * each)
    assert whole.low < whole.seconds < whole.high
    wider = grid("model.stages.0.convolutions.0.filters=4,64")
    assert client.grids.estimate(experiment, wider).seconds > 2 * 2 * each
    assert client.grids.estimate(experiment, Grid()).num_runs == 1


def test_the_estimate_knows_features_and_both_segments(
    client: Client, experiment: Experiment
) -> None:
    tuned = override(
        parse({**experiment.to_dict(), "model": {"backbone": BACKBONE}}),
        ["training.fine_tuning.epochs=2"],
    )
    varied = grid("training.epochs=1,20")
    alone = [client.experiments.estimate(each) for each in points(tuned, varied)]
    assert alone[0].seconds_per_epoch > alone[1].seconds_per_epoch
    expected = alone[0].seconds(3) + alone[1].seconds(22)
    whole = client.grids.estimate(tuned, varied)
    assert whole.seconds == pytest.approx(expected)
    assert whole.low < whole.seconds < whole.high


def test_a_grid_of_a_network_of_somebodys_own(client: Client, experiment: Experiment) -> None:
    own = {"reference": "module:build", "folder": "/nowhere", "values": {"units": 3}}
    coded = parse({**experiment.to_dict(), "model": {"own": own}})
    varied = grid("training.epochs=1,2")
    assert {each.field for each in client.grids.check(coded, varied)} == {"model.own"}
    assert client.grids.estimate(coded, varied).num_runs == 2


def test_more_layers_to_unfreeze_than_there_are_at_one_value_only(
    client: Client, experiment: Experiment
) -> None:
    tuned = parse({**experiment.to_dict(), "model": {"backbone": BACKBONE}})
    varied = grid("training.fine_tuning.unfrozen_layers=20,9000")
    errors = client.grids.check(tuned, varied)
    assert [each.field for each in errors] == ["training.fine_tuning.unfrozen_layers"]


def test_a_preset_and_its_base_are_one_group(client: Client, experiment: Experiment) -> None:
    other = experiment.model_copy(update={"name": "base"})
    runs = client.runs.submit_together([(experiment, "l2"), (other, None)])
    assert [(run.name, run.preset) for run in runs] == [("small", "l2"), ("base", None)]
    assert len({run.group_id for run in runs}) == 1


def test_a_base_that_cannot_be_launched_holds_both_back(
    client: Client, experiment: Experiment
) -> None:
    other = override(experiment, ["data.dataset=nowhere", "name=base"])
    with pytest.raises(InvalidExperiment, match="base: "):
        client.runs.submit_together([(experiment, None), (other, None)])
    assert client.runs.list() == []


def test_a_reference_brings_its_grid(
    client: Client, experiment: Experiment, tmp_path: Path
) -> None:
    assert client.grids.read("base_cnn") is None
    found = client.grids.read("l2")
    assert found is not None
    assert found.num_points == 4
    path = tmp_path / "mine.toml"
    path.write_text(experiment_to_toml(experiment, found))
    assert client.grids.read(str(path)) == found
