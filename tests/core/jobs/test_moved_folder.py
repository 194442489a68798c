"""A folder moved under whoever works in it: they end, nothing is made anew, work goes on there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.files import write_file, write_folder
from core.jobs.exits import TrainerExit
from core.jobs.launch import LOG_NAME, open_log
from core.jobs.logs import tail
from core.jobs.search.watch import SearchWatch
from core.jobs.supervisor import supervisor_status
from core.processes import ProcessIdentity
from core.records.runs import HeldWork, RunState
from core.records.searches import SearchState
from core.settings import PROJECT_ROOT
from core.store.opened_labs import held_work, release
from tests.core.jobs.lab import Lab, until
from tests.core.jobs.search.test_watch import at_work, controller, submit

MOVED = "was moved or deleted"


def move(lab: Lab, make_lab: Callable[..., Lab], name: str = "elsewhere") -> Lab:
    """Give the results folder another name; the lab at its new place."""
    lab.settings.results.rename(lab.settings.results.with_name(name))
    return make_lab(name)


def start(lab: Lab, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A job of this lab, to its end."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT_ROOT,
        env=lab.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_file_is_written_into_a_folder_that_is_there_only(tmp_path: Path) -> None:
    gone = tmp_path / "run"
    with pytest.raises(FileNotFoundError):
        write_file(gone / "best" / "best.keras", Path.touch)
    with pytest.raises(FileNotFoundError):
        write_folder(gone / "checkpoints" / "epoch-0001", lambda path: (path / "a").touch())
    assert not gone.exists()
    gone.mkdir()
    write_file(gone / "best" / "best.keras", Path.touch)
    write_folder(gone / "checkpoints" / "epoch-0001", lambda path: (path / "a").touch())
    assert (gone / "checkpoints" / "epoch-0001" / "a").exists()


def test_a_log_is_opened_in_a_results_folder_that_is_there_only(lab: Lab) -> None:
    run = lab.submit()
    lab.settings.results.rename(lab.settings.results.with_name("elsewhere"))
    with pytest.raises(FileNotFoundError):
        open_log(lab.settings, run, "cpu")
    assert not lab.settings.results.exists()


@pytest.mark.processes
@pytest.mark.timing
@pytest.mark.parametrize("module", ["execute", "evaluate"])
def test_a_job_that_starts_after_the_move_says_so_and_makes_nothing(lab: Lab, module: str) -> None:
    run = lab.submit()
    lab.settings.results.rename(lab.settings.results.with_name("elsewhere"))
    attempt = ["--attempt", "1"] if module == "execute" else []
    done = start(lab, f"core.jobs.{module}", "--run", run.id, *attempt)
    assert done.returncode == TrainerExit.FOLDER_GONE
    assert MOVED in done.stderr
    assert "Traceback" not in done.stderr
    assert not lab.settings.results.exists()


@pytest.mark.processes
@pytest.mark.timing
def test_a_controller_that_starts_after_the_move_makes_nothing(lab: Lab) -> None:
    search = submit(lab)
    lab.settings.results.rename(lab.settings.results.with_name("elsewhere"))
    done = start(lab, "core.jobs.search.controller", "--search", search.id, "--generation", "1")
    assert done.returncode == TrainerExit.FOLDER_GONE
    assert MOVED in done.stderr
    assert not lab.settings.results.exists()


@pytest.mark.processes
@pytest.mark.timing
@pytest.mark.slow
def test_a_run_whose_results_folder_moves_is_resumed_at_its_new_place(
    lab: Lab, make_lab: Callable[..., Lab]
) -> None:
    run = lab.submit(epochs=1000)
    first = lab.start_supervisor()
    until(lambda: lab.store.runs.get(run.id).epochs_done > 1, 120)
    trainer = lab.store.trainers.process_of(run.id)
    assert trainer is not None
    moved = move(lab, make_lab)
    until(lambda: not ProcessIdentity(*trainer).is_alive(), 30)
    assert first.wait(timeout=20) == 0
    assert not lab.settings.results.exists()
    log = tail(moved.settings.run_folder(run.id) / LOG_NAME)
    assert MOVED in log
    assert "Traceback" not in log.split(MOVED)[1]
    found = moved.store.runs.get(run.id)
    assert found.state is RunState.RUNNING  # nobody judged it
    # The supervisor treats a folder at a new place as one from somebody else.
    assert held_work(moved.settings, moved.store.database) == HeldWork(num_runs=1, num_searches=0)
    release(moved.settings, moved.store.database)
    moved.start_supervisor()
    until(lambda: moved.store.runs.get(run.id).attempt == 2, 30)
    until(lambda: moved.store.runs.get(run.id).epochs_done > found.epochs_done, 120)
    assert not any("unexpected" in event.reason for event in moved.store.runs.events(run.id))
    moved.store.runs.request_stop(run.id)
    moved.wait_for(run, RunState.STOPPED)
    assert not lab.settings.results.exists()


@pytest.mark.processes
@pytest.mark.timing
def test_a_trainer_whose_folder_moved_and_came_back_as_another_ends(lab: Lab) -> None:
    run, process = lab.stand_in()
    folder = lab.settings.run_folder(run.id)
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()
    assert process.wait(timeout=20) == TrainerExit.FOLDER_GONE


@pytest.mark.processes
@pytest.mark.timing
def test_a_supervisor_whose_results_folder_moves_ends_and_makes_nothing(lab: Lab) -> None:
    supervisor = lab.start_supervisor()
    until(lambda: supervisor_status(lab.settings).is_running)
    lab.settings.results.rename(lab.settings.results.with_name("elsewhere"))
    assert supervisor.wait(timeout=20) == 0
    assert not lab.settings.results.exists()


@pytest.mark.processes
@pytest.mark.timing
def test_a_search_whose_results_folder_moves_goes_on_at_its_new_place(
    lab: Lab, make_lab: Callable[..., Lab]
) -> None:
    search = submit(lab)
    process = at_work(lab, SearchWatch(lab.settings, lab.store), search)
    moved = move(lab, make_lab)
    until(lambda: not process.is_alive(), 30)
    assert not lab.settings.results.exists()
    assert moved.store.searches.get(search.id).state is SearchState.RUNNING
    watch = SearchWatch(moved.settings, moved.store)
    until(lambda: watch.poll() and controller(moved, search) is not None)
    assert moved.store.searches.get(search.id).state is SearchState.RUNNING
