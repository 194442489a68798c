"""A results folder of an earlier version opens with every run, curve, search and prediction.

`older_labs/schema_0002.tar.xz` was made with the version whose schema is 0002: ten runs of a tiny
network on digits (finished, stopped, failed, archived, three trials of a search and a promoted
one). The JSON beside it is what that version said about it.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.client import Client
from core.processes import ProcessIdentity
from core.records.runs import EventKind, RunState
from core.settings import Settings

LABS = Path(__file__).parent / "older_labs"
EXPECTED: dict[str, Any] = json.loads((LABS / "schema_0002.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder, unpacked."""
    results = tmp_path_factory.mktemp("older") / "results"
    with tarfile.open(LABS / "schema_0002.tar.xz") as archive:
        archive.extractall(results, filter="data")
    return results


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[Client]:
    """A client of it. The first opening migrates its database."""
    client = Client(Settings.from_environment({"CONVSCOPE_RESULTS": str(folder)}))
    yield client
    client.machine.stop_supervisor()
    for run in client.runs.list(include_archived=True):
        identity = client.store.trainers.process_of(run.id)
        if identity is not None:
            ProcessIdentity(*identity).kill_group()
    client.close()


def runs_with(key: str) -> list[dict[str, Any]]:
    """What was expected of the runs that have it."""
    return [run for run in EXPECTED["runs"] if run[key] is not None]


def test_every_run_is_there_with_all_that_describes_it(lab: Client) -> None:
    found = lab.runs.list(include_archived=True)
    assert [run.id for run in found] == [run["id"] for run in EXPECTED["runs"]]
    for run, expected in zip(found, EXPECTED["runs"], strict=True):
        for name in ("name", "state", "archived", "notes", "seed", "digest", "epochs_done"):
            assert getattr(run, name) == expected[name]
        assert list(run.tags) == expected["tags"]
        assert (run.failure.code if run.failure else None) == expected["failure"]
        assert (asdict(run.best) if run.best else None) == expected["best"]
        events = lab.runs.events(run.id)
        assert len(events) == expected["num_events"]
        assert events[0].kind is EventKind.SUBMITTED
        evaluated = any(event.kind is EventKind.TEST_EVALUATED for event in events)
        assert evaluated == (expected["test"] is not None)
        assert sorted(file.path for file in lab.artifacts.list(run.id)) == expected["artifacts"]


def test_every_curve_and_test_score_is_the_same(lab: Client) -> None:
    for run in EXPECTED["runs"]:
        assert lab.metrics.history(run["id"]) == run["history"]
        assert lab.metrics.test_scores(run["id"]) == run["test"]


def test_every_search_has_its_trials(lab: Client) -> None:
    [found], [expected] = lab.searches.list(), EXPECTED["searches"]
    assert (found.id, found.name, found.state) == (
        expected["id"],
        expected["name"],
        expected["state"],
    )
    assert (found.best_number, found.best_score) == (
        expected["best_number"],
        expected["best_score"],
    )
    for trial, wanted in zip(lab.trials.list(found.id), expected["trials"], strict=True):
        assert (trial.number, trial.state, trial.values) == (
            wanted["number"],
            wanted["state"],
            wanted["values"],
        )
        assert (trial.score, list(trial.run_ids)) == (wanted["score"], wanted["run_ids"])


@pytest.mark.slow
def test_every_model_predicts_the_same(lab: Client) -> None:
    pixels = (np.arange(64).reshape(8, 8) * 4).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    for run in runs_with("prediction"):
        [answer] = lab.predictions.predict(run["id"], [("gradient.png", file.getvalue())], top=3)
        expected = run["prediction"]
        assert answer.epoch == expected["epoch"]
        assert [label for label, _ in answer.top] == [label for label, _ in expected["top"]]
        np.testing.assert_allclose(
            [share for _, share in answer.top], [share for _, share in expected["top"]], rtol=1e-4
        )


@pytest.mark.slow
@pytest.mark.processes
def test_a_stopped_run_resumes_from_its_checkpoint(lab: Client) -> None:
    [stopped] = [run for run in EXPECTED["runs"] if run["state"] == RunState.STOPPED]
    lab.runs.resume(stopped["id"])
    [ended] = lab.runs.wait([stopped["id"]], timeout_s=200)
    assert ended.state is RunState.FINISHED, ended.failure
    assert lab.metrics.history(ended.id)[: len(stopped["history"])] == stopped["history"]
