"""Scores of presets are read from runs, over seeds, with what differed from the file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from benchmarks.scores import collect, measured_list, row
from core.client import Client
from core.records.runs import RunState
from core.settings import Settings
from core.spec.files import Measured
from core.spec.overrides import override
from tests.core.store.lives import epoch


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / "results")}))


def finish(client: Client, setting: str, seed: int, *, accuracy: float, val: float) -> str:
    experiment = override(client.experiments.preset("base_cnn").experiment, [setting]).for_seed(
        seed
    )
    client.store.runs.add(experiment, preset="base_cnn")
    run = client.store.runs.claim_next("cpu")
    assert run is not None
    client.store.metrics.save_epoch(run.id, run.attempt, epoch(1, accuracy=0.2, val_accuracy=val))
    client.store.metrics.save_epoch(
        run.id, run.attempt, epoch(2, accuracy=accuracy, val_accuracy=0.05)
    )
    client.store.runs.end(run.id, run.attempt, RunState.FINISHED, reason="for the test")
    return run.id


def test_seeds_are_one_line_and_other_settings_another(client: Client) -> None:
    first = finish(client, "data.train_size=500", 1, accuracy=0.5, val=0.3)
    finish(client, "data.train_size=500", 2, accuracy=0.7, val=0.4)
    finish(client, "data.train_size=900", 1, accuracy=0.9, val=0.8)
    client.store.metrics.save_test_metrics(first, 1, {"accuracy": 0.25})
    both, other = collect(client)
    assert (both.preset, both.settings, both.seeds) == (
        "base_cnn",
        ("data.train_size=500",),
        (1, 2),
    )
    assert both.values == {("train", "last"): [0.5, 0.7], ("validation", "best"): [0.3, 0.4]}
    assert both.epochs == 2
    assert both.images == 100
    assert other.settings == ("data.train_size=900",)
    assert "35.00 ± 7.07 %" in row(both)


def test_the_printed_list_is_what_a_header_takes(client: Client) -> None:
    run_id = finish(client, "training.mixed_precision=true", 1, accuracy=0.5, val=0.3)
    client.store.metrics.save_test_metrics(run_id, 1, {"accuracy": 0.25})
    (scores,) = collect(client, ["base_cnn"])
    listed = tomllib.loads(measured_list([scores], "a machine"))["measured"]
    read = [Measured.model_validate(each) for each in listed]
    assert [(each.split, each.score) for each in read] == [
        ("train", 0.5),
        ("validation", 0.3),
        ("test", 0.25),
    ]
    assert read[0].settings == ("training.mixed_precision=true",)
    assert collect(client, ["l2"]) == []
