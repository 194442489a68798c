"""A lab whose database goes away says so in one sentence, stops, and is well when it is back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs.exits import TrainerExit
from core.jobs.launch import LOG_NAME, start_controller, start_trainer
from core.jobs.search.controller import EXIT_STORE_GONE as EXIT_SEARCH_STORE_GONE
from core.jobs.supervisor import SupervisorState, ensure_supervisor, supervisor_status
from core.records.runs import RunState
from core.settings import PROJECT_ROOT
from core.spec.search import parse_search
from tests.core.jobs.lab import Lab, until
from tests.core.jobs.searching import search_of

pytestmark = [pytest.mark.processes, pytest.mark.timing]


def file_of(lab: Lab) -> Path:
    return lab.settings.results / "convscope.sqlite"


def away(lab: Lab) -> Path:
    """Move the database away, as a person does by mistake."""
    return file_of(lab).rename(lab.settings.results / "away.sqlite")


def command(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "core.cli", *arguments],
        cwd=PROJECT_ROOT,
        env=os.environ | lab.settings.to_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_supervisor_ends_with_the_reason_and_claims_nothing_more(lab: Lab) -> None:
    supervisor = lab.start_supervisor()
    until(lambda: supervisor_status(lab.settings).is_running)
    moved = away(lab)
    assert supervisor.wait(timeout=20) == 1
    status = supervisor_status(lab.settings)
    assert status.state is SupervisorState.GONE
    assert "is gone" in status.ended_because
    log = (lab.settings.results / "supervisor.log").read_text()
    assert log.count("is gone") == 1
    assert "Traceback" not in log
    assert not file_of(lab).exists()
    moved.rename(file_of(lab))
    run = lab.submit_broken()
    ensure_supervisor(lab.settings)
    lab.wait_for(run, RunState.FAILED)


def test_a_database_that_was_emptied_ends_the_supervisor_and_is_not_filled_again(lab: Lab) -> None:
    supervisor = lab.start_supervisor()
    until(lambda: supervisor_status(lab.settings).is_running)
    os.truncate(file_of(lab), 0)
    assert supervisor.wait(timeout=20) == 1
    assert "was truncated" in supervisor_status(lab.settings).ended_because
    assert file_of(lab).stat().st_size == 0


@pytest.mark.slow
def test_a_trainer_ends_with_a_sentence_and_its_run_goes_on_once_the_file_is_back(
    lab: Lab,
) -> None:
    lab.submit(epochs=400)
    run = lab.store.runs.claim_next("cpu")
    assert run is not None
    trainer = start_trainer(lab.settings, run, "cpu", 1)
    lab.processes.append(trainer)
    until(lambda: lab.store.runs.get(run.id).epochs_done >= 1)
    moved = away(lab)
    assert trainer.wait(timeout=60) == TrainerExit.STORE_GONE
    last = (lab.settings.run_folder(run.id) / LOG_NAME).read_text().splitlines()[-1]
    assert "is gone" in last
    assert "checkpoints stay" in last
    assert not file_of(lab).exists()
    moved.rename(file_of(lab))
    assert lab.store.runs.get(run.id).state is RunState.RUNNING
    assert list((lab.settings.run_folder(run.id) / "checkpoints").glob("epoch-*"))
    ensure_supervisor(lab.settings)
    until(lambda: lab.store.runs.get(run.id).attempt == 2)
    lab.store.runs.request_stop(run.id)
    lab.wait_for(run, RunState.STOPPED)


def test_a_searchs_controller_ends_with_a_sentence(lab: Lab) -> None:
    spec = parse_search(search_of(algorithm={"kind": "grid"}))
    search = lab.store.searches.add("rates", spec.to_dict(), spec.budget.model_dump(mode="json"))
    generation = lab.store.controllers.claim(search.id, search.generation)
    assert generation is not None
    controller = start_controller(lab.settings, search.id, generation)
    lab.processes.append(controller)
    until(lambda: bool(lab.store.searches.trials(search.id)))
    moved = away(lab)
    assert controller.wait(timeout=30) == EXIT_SEARCH_STORE_GONE
    log = (lab.settings.search_folder(search.id) / LOG_NAME).read_text()
    assert "is gone" in log.splitlines()[-1]
    assert "Traceback" not in log
    moved.rename(file_of(lab))


@pytest.mark.parametrize("arguments", [["runs"], ["run", "basic_cnn"], ["searches"], ["worker"]])
def test_the_command_line_says_it_in_a_sentence(lab: Lab, arguments: list[str]) -> None:
    run = lab.submit()
    lab.settings.run_folder(run.id).mkdir(parents=True)
    moved = away(lab)
    done = command(lab, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert "convscope store rebuild" in done.stderr
    assert "Traceback" not in done.stderr
    assert not file_of(lab).exists()
    moved.rename(file_of(lab))
