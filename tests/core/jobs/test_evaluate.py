"""Evaluation on the test images: on request, in a process of its own, and recorded."""

from __future__ import annotations

import json

import pytest

from core.jobs.launch import start_module
from core.jobs.supervisor import ensure_supervisor
from core.records.runs import EventKind, RunState
from tests.core.jobs.lab import Lab

pytestmark = [pytest.mark.processes, pytest.mark.slow]


def evaluate(lab: Lab, run_id: str) -> int:
    """The exit code of the process that evaluates a run."""
    log = lab.settings.run_folder(run_id) / "test.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    process = start_module(
        ["core.jobs.evaluate", "--run", run_id], log, lab.settings.to_environment()
    )
    try:
        return process.wait(timeout=120)
    finally:
        process.kill()


def test_a_finished_run_gets_its_test_score(lab: Lab) -> None:
    run = lab.submit(epochs=1)
    ensure_supervisor(lab.settings)
    finished = lab.wait_for(run, RunState.FINISHED, timeout_s=120)
    assert {metric.split for metric in lab.store.metrics.list([run.id])} == {"train", "validation"}
    assert evaluate(lab, run.id) == 0
    scores = {m.name: m for m in lab.store.metrics.list([run.id]) if m.split == "test"}
    assert set(scores) == {"loss", "accuracy"}
    assert finished.best is not None
    assert scores["accuracy"].epoch == finished.best.epoch
    assert 0 < scores["accuracy"].value <= 1
    (artifact,) = [a for a in lab.store.artifacts.list(run.id) if a.kind == "test_scores"]
    told = json.loads((lab.settings.run_folder(run.id) / artifact.path).read_text())
    assert told["accuracy"] == scores["accuracy"].value
    requested, evaluated = lab.store.runs.events(run.id)[-2:]
    assert requested.kind is EventKind.TEST_REQUESTED
    assert evaluated.kind is EventKind.TEST_EVALUATED
    assert f"{scores['accuracy'].value:.4f}" in evaluated.reason
    assert lab.store.runs.get(run.id).state is RunState.FINISHED


def test_a_run_without_a_model_says_why_it_has_no_score(lab: Lab) -> None:
    run = lab.submit()
    assert evaluate(lab, run.id) == 1
    event = lab.store.runs.events(run.id)[-1]
    assert event.kind is EventKind.TEST_FAILED
    assert event.reason.startswith("evaluation on the test set failed: ")
    assert lab.store.metrics.list([run.id]) == []
