"""Curves and scores: one frame for several runs, one history per run."""

from __future__ import annotations

import pytest

from core.client import Client
from core.errors import (
    RunNotFound,
    RunStateError,
)
from core.spec import Experiment
from tests.core.client.searching import finish_run


def test_curves_are_found_by_the_start_of_an_id_too(client: Client, experiment: Experiment) -> None:
    [run] = client.store.runs.add(experiment)
    finish_run(client, run, [0.25, 0.25])
    assert len(client.metrics.frame([run.id])) == 8
    assert client.metrics.frame([run.id[:8]]).equals(client.metrics.frame([run.id]))
    with pytest.raises(RunNotFound, match="zzz"):
        client.metrics.frame(["zzz"])


def test_no_runs_have_no_metrics(client: Client) -> None:
    assert len(client.metrics.frame([])) == 0
    assert client.runs.list(ids=[]) == []


def test_metrics_come_as_a_long_frame_with_the_same_types_even_when_empty(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    empty = client.metrics.frame([run.id])
    assert list(empty.columns) == ["run_id", "epoch", "split", "name", "value", "seconds", "images"]
    finish_run(client, run, [0.25, 0.25])
    full = client.metrics.frame([run.id])
    assert len(full) == 8
    assert full.dtypes.to_dict() == empty.dtypes.to_dict()


def test_the_history_has_the_names_of_keras_and_no_test_scores(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    finish_run(client, run, [0.25, 0.25])
    client.store.metrics.save_test_metrics(run.id, 2, {"loss": 3.0, "accuracy": 0.1})
    assert client.metrics.history(run.id)[1] == {
        "epoch": 2,
        "loss": 1.0,
        "accuracy": 0.5,
        "val_loss": 2.0,
        "val_accuracy": 0.25,
        "seconds": 3.0,
        "images": 200,
    }
    assert client.metrics.test_scores(run.id) == {"epoch": 2, "loss": 3.0, "accuracy": 0.1}


def test_nothing_is_evaluated_on_test_before_the_first_epoch(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    with pytest.raises(RunStateError, match="no finished epoch"):
        client.metrics.evaluate_on_test(run.id)
