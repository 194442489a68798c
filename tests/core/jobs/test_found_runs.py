"""The files that a database is rebuilt from are not trusted: a bad one costs its own run only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import StoreError
from core.jobs.found_runs import read_run
from core.records.runs import Run
from core.settings import Settings
from core.store.opened_labs import accept_links
from core.store.rebuild import add_rebuilt
from core.store.run_files import RUN_FILE
from core.store.store import Store
from tests.core.jobs.rebuilding import change, ended_run, rebuilt_of


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
