"""A database that was deleted, replaced or damaged under a working lab stops it with a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from core.errors import StoreCode, StoreGone
from core.records.runs import Run
from core.settings import PROJECT_ROOT, Settings
from core.store.database_file import DatabaseFile
from core.store.probe import WriteProbe
from core.store.store import Store
from tests.core.store.lives import epoch, queued, running
from tests.core.store.losses import (
    KEEPS_OPEN,
    cut_in_half,
    deleted,
    deleted_with_its_journal,
    emptied,
    file_of,
    journal_deleted,
    journal_of,
    overwritten,
    replaced,
    replaced_with_its_journal,
)

VACUUM = """
import sys
from core.store.database import sqlite_module
database = sqlite_module().connect(sys.argv[1], isolation_level=None)
database.execute("VACUUM")
database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
"""
GROW = """
database.execute("CREATE TABLE other AS SELECT zeroblob(100000) AS bytes")
"""
"""Pages that are in the journal only: the file is shorter than what connections see."""


LOSSES: list[tuple[Callable[[Settings], None], StoreCode]] = [
    (deleted, StoreCode.MISSING),
    (deleted_with_its_journal, StoreCode.MISSING),
    (replaced, StoreCode.JOURNAL_FOREIGN),
    (replaced_with_its_journal, StoreCode.REPLACED),
    (emptied, StoreCode.DAMAGED),
    (cut_in_half, StoreCode.DAMAGED),
    (overwritten, StoreCode.DAMAGED),
    (journal_deleted, StoreCode.JOURNAL_MISSING),
]


def checkpoint(store: Store) -> None:
    """Have every page in the file itself, and none in its journal."""
    raw = store.database.engine.raw_connection()
    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw.close()


def save_until_refused(store: Store, run: Run) -> None:
    """Write again and again: a header is verified a few times a second."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        store.metrics.save_epoch(run.id, 1, epoch(1))


@pytest.mark.parametrize(("lose", "code"), LOSSES, ids=lambda each: getattr(each, "__name__", each))
def test_an_open_store_neither_reads_nor_writes_what_was_lost(
    store: Store, settings: Settings, lose: Callable[[Settings], None], code: StoreCode
) -> None:
    run = running(store)
    checkpoint(store)
    store.revision()  # as a lab does several times a second
    lose(settings)
    before = {each.name for each in settings.results.iterdir()}
    with pytest.raises(StoreGone) as caught:
        save_until_refused(store, run)
    assert caught.value.code is code
    assert "\n" not in str(caught.value)
    with pytest.raises(StoreGone) as caught:
        store.revision()
    assert caught.value.code is code
    assert {each.name for each in settings.results.iterdir()} <= before


@pytest.mark.parametrize("lose", [deleted, replaced, emptied])
def test_a_transaction_that_was_open_meanwhile_is_not_kept(
    store: Store, settings: Settings, lose: Callable[[Settings], None]
) -> None:
    queued(store)
    with pytest.raises(StoreGone):
        write_while_lost(store, partial(lose, settings))


def write_while_lost(store: Store, lose: Callable[[], None]) -> None:
    with store.database.write() as connection:
        lose()
        connection.exec_driver_sql("UPDATE run SET notes = 'lost'")


def test_a_file_that_is_put_back_is_used_again(store: Store, settings: Settings) -> None:
    run = running(store)
    away = settings.results / "away.sqlite"
    file_of(settings).rename(away)
    with pytest.raises(StoreGone):
        store.runs.list()
    away.rename(file_of(settings))
    store.metrics.save_epoch(run.id, 1, epoch(1))
    assert store.runs.get(run.id).epochs_done == 1


def test_a_lost_journal_stays_lost_until_the_store_is_closed(
    store: Store, settings: Settings
) -> None:
    run = running(store)
    journal_deleted(settings)
    for _ in range(3):
        with pytest.raises(StoreGone) as caught:
            store.metrics.save_epoch(run.id, 1, epoch(1))
        assert caught.value.code is StoreCode.JOURNAL_MISSING
    assert not journal_of(settings).exists()
    store.close()
    store.metrics.save_epoch(run.id, 1, epoch(1))
    assert store.runs.get(run.id).epochs_done == 1


def test_a_probe_makes_no_database_and_raises_the_loss(store: Store, settings: Settings) -> None:
    queued(store)
    probe = WriteProbe(store.database)
    deleted_with_its_journal(settings)
    with pytest.raises(StoreGone) as caught:
        probe.takes_writes()
    assert caught.value.code is StoreCode.MISSING
    assert not file_of(settings).exists()
    with pytest.raises(StoreGone):
        WriteProbe(
            Store(settings.database_url).database
        ).takes_writes()  # of a store that was never used
    assert not file_of(settings).exists()


def test_a_closed_probe_does_not_make_its_store_forget_a_lost_journal(
    store: Store, settings: Settings
) -> None:
    queued(store)
    probe = WriteProbe(store.database)
    journal_deleted(settings)
    with pytest.raises(StoreGone):
        store.runs.list()
    probe.close()
    with pytest.raises(StoreGone):
        store.runs.list()


def test_threads_that_share_a_growing_file_see_no_loss(tmp_path: Path) -> None:
    path = tmp_path / "growing.sqlite"
    path.write_bytes(b" " * 4096)
    path.with_name(f"{path.name}-wal").touch()
    file = DatabaseFile(path, lambda: None, lambda: False)
    losses: list[StoreGone] = []
    until = time.monotonic() + 1

    def look() -> None:
        try:
            while time.monotonic() < until and not losses:
                file.check()
        except StoreGone as error:
            losses.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    with path.open("ab", buffering=0) as growing:
        while time.monotonic() < until and not losses:
            growing.write(b" " * 64)
    for thread in threads:
        thread.join(10)
    assert losses == []


@pytest.mark.parametrize("grows_again", [False, True], ids=["vacuumed", "and used"])
def test_a_vacuum_by_another_program_is_no_loss(
    store: Store, settings: Settings, grows_again: bool
) -> None:
    run = running(store)
    for number in range(1, 40):
        store.metrics.save_epoch(run.id, 1, epoch(number))
    with store.database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE large AS SELECT zeroblob(2000000) AS bytes")
    checkpoint(store)
    assert store.revision() > 0
    before = file_of(settings).stat().st_size
    with store.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE large")
    subprocess.run(
        [sys.executable, "-c", VACUUM + GROW * grows_again, str(file_of(settings))], check=True
    )
    assert file_of(settings).stat().st_size < before / 2
    store.metrics.save_epoch(run.id, 1, epoch(40))
    assert store.runs.get(run.id).epochs_done == 40
    # The size it has now is the one that it must keep.
    checkpoint(store)
    store.revision()
    os.truncate(file_of(settings), file_of(settings).stat().st_size - 1)
    with pytest.raises(StoreGone, match="was truncated"):
        store.revision()


def test_what_the_lab_itself_does_to_its_file_is_no_loss(store: Store, settings: Settings) -> None:
    """Checkpoints, closed connections and a growing file are a working lab's everyday."""
    run = running(store)
    for number in range(1, 60):
        store.metrics.save_epoch(run.id, 1, epoch(number))
        checkpoint(store)
        if number % 20 == 0:
            store.close()
            with Store.open(settings) as other:
                assert other.runs.get(run.id).epochs_done == number
    assert len(store.metrics.list([run.id])) == 59 * 5


def test_the_journals_are_those_of_the_process_that_opened_last(settings: Settings) -> None:
    """The journal goes with the last process that has it open, and that is no loss."""
    with Store.open(settings) as store:
        queued(store)
        with subprocess.Popen(
            [sys.executable, "-c", KEEPS_OPEN],
            cwd=PROJECT_ROOT,
            env=settings.to_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as other:
            assert other.stdout is not None
            assert other.stdin is not None
            other.stdout.readline()
            store.close()
            assert len(store.runs.list()) == 1
            other.stdin.close()
            other.wait()
        assert len(store.runs.list()) == 1
        store.close()
        assert not journal_of(settings).exists()
        assert len(queued(store)) == 1


def test_a_check_costs_microseconds(store: Store) -> None:
    queued(store)
    store.revision()
    file = store.database.file
    assert file is not None
    started = time.process_time()  # of this process alone, whatever else the machine does
    for _ in range(1000):
        file.check()
    assert time.process_time() - started < 0.05
