"""A lost database is made again from the runs' folders, and what lies in them is not trusted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.client import Client
from core.errors import StoreError, StoreGone
from core.jobs.found_runs import read_run
from core.jobs.launch import trainer_lock
from core.jobs.rebuild import Rebuilt, rebuild_database
from core.jobs.supervisor import ensure_supervisor, stop_supervisor, supervisor_status
from core.processes import exclusive_lock
from core.records.runs import Run, RunState
from core.settings import PROJECT_ROOT, Settings
from core.store.opened_labs import accept_links
from core.store.rebuild import add_rebuilt
from core.store.run_files import RUN_FILE, keep_missing_run_files, keep_run_file
from core.store.store import Store
from tests.core.jobs.lab import Lab, until
from tests.core.store.lives import epoch, queued


def file_of(settings: Settings) -> Path:
    return settings.results / "convscope.sqlite"


def lose_database(settings: Settings) -> None:
    for file in settings.results.glob("convscope.sqlite*"):
        file.unlink()


def ended_run(settings: Settings, store: Store, *, epochs: int = 3) -> Run:
    """A run of three epochs, some of them done, with the file that its trainer leaves."""
    (run,) = queued(store, epochs=3)
    claimed = store.runs.claim_next("cpu")
    assert claimed is not None
    for number in range(1, epochs + 1):
        store.metrics.save_epoch(
            run.id, 1, epoch(number, loss=1 / 3 / number, val_loss=float("nan"))
        )
    state = RunState.FINISHED if epochs == 3 else RunState.STOPPED
    if state is RunState.STOPPED:
        store.runs.request_stop(run.id)
    store.runs.end(run.id, 1, state, reason="for the test")
    settings.run_folder(run.id).mkdir(parents=True)
    keep_run_file(store, settings, run.id)
    return store.runs.get(run.id)


def change(settings: Settings, run: Run, **fields: Any) -> None:
    """Write something else into a run's file."""
    file = settings.run_folder(run.id) / RUN_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def rebuilt_of(settings: Settings, store: Store) -> Rebuilt:
    store.close()
    lose_database(settings)
    return rebuild_database(settings)


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
    lose_database(settings)
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


def not_json(file: Path) -> None:
    file.write_text("{")


def deeply_nested(file: Path) -> None:
    file.write_text("[" * 100_000)


def missing(file: Path) -> None:
    file.unlink()


def linked_out(file: Path) -> None:
    elsewhere = file.parent.parent.parent / "elsewhere.json"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def too_large(file: Path) -> None:
    os.truncate(file, 2**40)


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


SPOILERS = [not_json, deeply_nested, missing, linked_out, too_large, a_pipe]

HOSTILE_FIELDS: dict[str, Any] = {
    "id": "../../../etc/passwd",
    "format": 2,
    "name": "x" * 10_000,
    "attempt": -1,
    "config": {"data": {"dataset": "/etc/passwd"}, "nonsense": 1},
    "group_id": "'; DROP TABLE run; --",
    "epochs": 10**9,
    "created_at": "yesterday",
    "continues_run": "../..",
    "search_id": "x",
    "tags": [1] * 5000,
    "history": [{"epoch": 1, "metrics": {"loss": "x"}, "seconds": 1, "images": 1}],
    "state": "eaten",
    "started_at": "0001-01-01T00:00:00+23:00",
    "finished_at": "9999-12-31T23:59:59-23:00",
    "notes": "a\x00b",
    "preset": "a\x1b[2J",
    "engine": "\x07",
}
HOSTILE: list[tuple[str, Any]] = [
    *HOSTILE_FIELDS.items(),
    ("created_at", "0001-01-01T00:00:00+23:00"),
    ("name", "a\x00b"),
    ("name", "\x1b]0;title\x07"),
    ("name", "\ud800"),
    ("tags", ["\x1b[2J"]),
    ("attempt", 2**70),
    ("history", [{"epoch": 1, "metrics": {"loss": 1.0}, "seconds": float("inf"), "images": 1}]),
    ("history", [{"epoch": 1, "metrics": {"a\x00": 1.0}, "seconds": 1, "images": 1}]),
]


@pytest.mark.parametrize("spoil", SPOILERS)
def test_a_spoiled_file_costs_its_own_run_only(
    settings: Settings, store: Store, spoil: Callable[[Path], None]
) -> None:
    good, bad = ended_run(settings, store), ended_run(settings, store)
    spoil(settings.run_folder(bad.id) / RUN_FILE)
    # Without it the whole folder is refused for a link or a pipe in it.
    accept_links(settings)
    check_refused(settings, store, good, bad)


@pytest.mark.parametrize(("field", "value"), HOSTILE)
def test_a_hostile_field_costs_its_own_run_only(
    settings: Settings, store: Store, field: str, value: Any
) -> None:
    good, bad = ended_run(settings, store), ended_run(settings, store)
    change(settings, bad, **{field: value})
    check_refused(settings, store, good, bad)


def test_a_row_that_readers_would_refuse_is_not_added(settings: Settings, store: Store) -> None:
    good, bad = ended_run(settings, store), ended_run(settings, store)
    found = read_run(settings.run_folder(bad.id))
    naive = datetime.min  # noqa: DTZ901 - a time that the store refuses
    for wrong in (replace(found.run, seed=-1), replace(found.run, created_at=naive)):
        store.runs.delete(bad.id)
        with pytest.raises(StoreError):
            add_rebuilt(store, replace(found, run=wrong), 1.0)
        assert [run.id for run in store.runs.list()] == [good.id]
        assert store.unreadable.list(("run", "run_event", "metric", "artifact")) == []
        add_rebuilt(store, found, 1.0)
    assert len(store.runs.list()) == 2


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
    lose_database(settings)
    done = command(settings, "store", "rebuild")
    assert done.returncode == 0, done.stderr
    assert "1 run was rebuilt." in done.stderr


def check_refused(settings: Settings, store: Store, good: Run, bad: Run) -> None:
    rebuilt = rebuilt_of(settings, store)
    (refused,) = rebuilt.refused
    assert refused.run_id == bad.id
    assert RUN_FILE in refused.reason
    assert len(refused.reason) < 700
    with Store.open(settings) as opened:
        assert [run.id for run in opened.runs.list()] == [good.id]


def test_links_out_of_a_runs_folder_are_not_followed(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    good, linked = ended_run(settings, store), ended_run(settings, store)
    outside = tmp_path / "outside"
    shutil.move(settings.run_folder(linked.id), outside)
    settings.run_folder(linked.id).symlink_to(outside)
    folder = settings.run_folder(good.id)
    for name in ("best", "checkpoints"):
        (outside / name).mkdir()
        (folder / name).symlink_to(outside / name)
    (outside / "best" / "best.keras").write_bytes(b"not ours")
    (outside / "best" / "meta.json").write_text('{"epoch": 1, "sha256": ""}')
    (outside / "checkpoints" / "epoch-0001").mkdir()
    accept_links(settings)  # without it the whole folder is refused
    rebuilt = rebuilt_of(settings, store)
    (found,) = rebuilt.runs
    assert (found.run.id, found.artifacts) == (good.id, ())
    assert len(found.remarks) == 2


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
