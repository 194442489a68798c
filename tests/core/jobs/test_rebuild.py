"""A lost database is rebuilt from the folders of its runs, with every run as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from typing import Any

import pytest

from core.client import Client
from core.errors import StoreError, StoreGone
from core.jobs.launch import trainer_lock
from core.jobs.rebuild import rebuild_database
from core.jobs.supervisor import ensure_supervisor, stop_supervisor, supervisor_status
from core.processes import exclusive_lock
from core.records.runs import Run, RunState
from core.settings import PROJECT_ROOT, Settings
from core.store.run_files import RUN_FILE, keep_missing_run_files, keep_run_file
from core.store.store import Store
from tests.core.jobs.lab import Lab, until
from tests.core.jobs.rebuilding import change, ended_run, rebuilt_of
from tests.core.store.losses import deleted_with_its_journal, file_of


@pytest.mark.slow
@pytest.mark.processes
def test_runs_are_as_they_were_and_a_stopped_one_ends_as_if_nothing_had_happened(lab: Lab) -> None:
    client = Client(lab.settings)
    settings = lab.settings
    client.machine.set_cpu_slots(2)
    whole, stopped = lab.submit(epochs=15), lab.submit(epochs=15)
    client.runs.set_tags(whole.id, ["kept"])
    client.runs.set_notes(whole.id, "a note")
    client.machine.ensure_supervisor()
    until(lambda: client.runs.get(stopped.id).epochs_done >= 2, 120)
    client.runs.stop(stopped.id)
    client.runs.wait([whole.id, stopped.id], timeout_s=120)
    client.metrics.evaluate_on_test(whole.id)
    until(lambda: client.metrics.test_scores(whole.id) is not None)
    file = settings.run_folder(whole.id) / RUN_FILE
    until(lambda: json.loads(file.read_text())["state"] == RunState.FINISHED)
    ids = [whole.id, stopped.id]
    before = client.runs.list()
    assert before[1].state is RunState.STOPPED
    curves, files = client.metrics.frame(ids), [files_of(client, each) for each in ids]
    expected, scores = answer(client, whole), client.metrics.test_scores(whole.id)
    client.machine.stop_supervisor()
    client.close()
    lab.store.close()
    deleted_with_its_journal(settings)
    done = command(settings, "store", "rebuild")
    assert done.returncode == 0, done.stderr
    assert "2 runs were rebuilt" in done.stderr
    after = client.runs.list()
    assert [facts(run) for run in after] == [facts(run) for run in before]
    assert client.metrics.frame(ids).equals(curves)
    assert [files_of(client, each) for each in ids] == files
    assert client.metrics.test_scores(whole.id) == scores
    assert answer(client, whole) == expected
    assert client.runs.events(whole.id)[0].reason.startswith("rebuilt")
    client.runs.resume(stopped.id)
    client.runs.wait([stopped.id], timeout_s=120)
    assert client.runs.get(stopped.id).state is RunState.FINISHED
    assert history_of(client, stopped) == history_of(client, whole)
    client.close()


def facts(run: Run) -> tuple[object, ...]:
    """What a rebuilt run has of the lost one."""
    return (
        run.id,
        run.name,
        run.state,
        run.attempt,
        run.preset,
        run.dataset,
        run.seed,
        run.digest,
        run.config,
        run.group_id,
        run.epochs,
        run.epochs_done,
        run.best,
        run.engine,
        run.device,
        run.created_at,
        run.started_at,
        run.tags,
        run.notes,
        run.archived,
    )


def files_of(client: Client, run_id: str) -> list[tuple[str, str, int, str]]:
    return [
        (each.kind, each.path, each.epoch, each.sha256) for each in client.artifacts.list(run_id)
    ]


def history_of(client: Client, run: Run) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if name != "seconds"}
        for row in client.metrics.history(run.id)
    ]


def answer(client: Client, run: Run) -> Any:
    (sample,) = client.datasets.validation_samples(run.id, 1)
    (found,) = client.predictions.predict(run.id, [(sample.name, sample.content)])
    return found.epoch, found.top


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "core.cli", *arguments],
        cwd=PROJECT_ROOT,
        env=os.environ | settings.to_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_history_is_the_same_to_the_last_bit_also_where_it_is_no_number(
    settings: Settings, store: Store
) -> None:
    first, second = ended_run(settings, store), ended_run(settings, store, epochs=2)
    before = store.metrics.list([first.id, second.id])
    assert rebuilt_of(settings, store).refused == ()
    with Store.open(settings) as opened:
        assert repr(opened.metrics.list([first.id, second.id])) == repr(before)
        states = [run.state for run in opened.runs.list()]
        assert states == [RunState.FINISHED, RunState.STOPPED]
        assert opened.runs.resume(second.id).attempt == 2


def test_a_trial_of_a_lost_search_becomes_a_plain_run_that_says_so(
    settings: Settings, store: Store
) -> None:
    run = ended_run(settings, store)
    search_id = "ab" * 16
    change(settings, run, search_id=search_id, trial_number=4)
    settings.search_folder(search_id).mkdir(parents=True)
    rebuilt = rebuilt_of(settings, store)
    assert rebuilt.num_searches == 1
    with Store.open(settings) as opened:
        (found,) = opened.runs.list(include_trials=False)
        assert found.tags == ("search abababab",)
        assert "search abababab is lost" in opened.runs.events(run.id)[0].reason


def test_a_damaged_database_is_moved_aside_with_its_journal(
    settings: Settings, store: Store
) -> None:
    run = ended_run(settings, store)
    store.close()
    file_of(settings).write_bytes(b"no database" * 1000)
    journal = file_of(settings).with_name("convscope.sqlite-wal")
    journal.write_bytes(b"its journal")
    rebuilt = rebuild_database(settings)
    names = [path.name for path in rebuilt.moved]
    assert len(names) == 2
    assert names[1] == f"{names[0]}-wal"
    assert rebuilt.moved[0].read_bytes() == b"no database" * 1000
    assert rebuilt.moved[1].read_bytes() == b"its journal"
    with Store.open(settings) as opened:
        assert [each.id for each in opened.runs.list()] == [run.id]
    assert not list(settings.results.glob(".convscope*"))


def test_a_database_in_order_is_left_alone_unless_it_is_forced(
    settings: Settings, store: Store
) -> None:
    run = ended_run(settings, store)
    store.close()
    before = file_of(settings).read_bytes()
    with pytest.raises(StoreError, match="--force"):
        rebuild_database(settings)
    assert file_of(settings).read_bytes() == before
    rebuilt = rebuild_database(settings, force=True)
    assert rebuilt.moved[0].read_bytes() == before
    with Store.open(settings) as opened:
        assert opened.runs.get(run.id).epochs_done == 3


@pytest.mark.processes
def test_nothing_is_rebuilt_while_a_supervisor_or_a_trainer_works(lab: Lab) -> None:
    run = ended_run(lab.settings, lab.store)
    ensure_supervisor(lab.settings)
    with pytest.raises(StoreError, match=f"process {supervisor_status(lab.settings).pid}"):
        rebuild_database(lab.settings, force=True)
    stop_supervisor(lab.settings)
    with (
        exclusive_lock(trainer_lock(lab.settings, run.id)),
        pytest.raises(StoreError, match=f"trainer works on run {run.id}"),
    ):
        rebuild_database(lab.settings, force=True)
    assert file_of(lab.settings).exists()
    assert len(rebuild_database(lab.settings, force=True).runs) == 1


def test_an_infinite_accuracy_is_kept_and_is_never_the_best(
    settings: Settings, store: Store
) -> None:
    run = ended_run(settings, store)
    history = [
        {"epoch": number, "metrics": {"val_accuracy": value}, "seconds": 1, "images": 1}
        for number, value in enumerate((0.5, float("inf"), float("nan")), start=1)
    ]
    change(settings, run, history=history)
    assert rebuilt_of(settings, store).refused == ()
    with Store.open(settings) as opened:
        (found,) = opened.runs.list()
        assert found.best is not None
        assert (found.best.epoch, found.best.val_accuracy) == (1, 0.5)
        assert [each.value for each in opened.metrics.list([run.id])][:2] == [0.5, float("inf")]


def test_the_command_says_how_many_runs_were_rebuilt(settings: Settings, store: Store) -> None:
    ended_run(settings, store)
    store.close()
    deleted_with_its_journal(settings)
    done = command(settings, "store", "rebuild")
    assert done.returncode == 0, done.stderr
    assert "1 run was rebuilt." in done.stderr


def test_files_of_an_older_version_are_written_by_the_next_supervisor(
    settings: Settings, store: Store
) -> None:
    run = ended_run(settings, store)
    (settings.run_folder(run.id) / RUN_FILE).unlink()
    ended = threading.Event()
    ended.set()
    keep_missing_run_files(store, settings, ended)
    assert not (settings.run_folder(run.id) / RUN_FILE).exists()
    keep_missing_run_files(store, settings, threading.Event())
    assert [each.run.id for each in rebuilt_of(settings, store).runs] == [run.id]


def test_a_deleted_run_gets_no_folder_back(settings: Settings, store: Store) -> None:
    run = ended_run(settings, store)
    shutil.rmtree(settings.run_folder(run.id))
    keep_run_file(store, settings, run.id)
    store.runs.delete(run.id)
    keep_run_file(store, settings, run.id)
    assert not settings.run_folder(run.id).exists()


def test_an_open_client_says_that_the_database_was_replaced(settings: Settings) -> None:
    client = Client(settings)
    ended_run(settings, client.store)
    with Store.open(settings) as other:
        other.runs.list()
        rebuild_database(settings, force=True)
        with pytest.raises(StoreGone, match="replaced"):
            other.runs.list()
    client.close()
    assert len(client.runs.list()) == 1
    client.close()
