"""A forked child has a store of its own: its locks are real, and nothing it writes is lost."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable

import pytest

from core.errors import StoreError
from core.records.runs import Run
from core.store.store import Store
from tests.core.store.lives import epoch, running

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

NUM_EPOCHS = 25


def child(work: Callable[[], None]) -> multiprocessing.Process:
    """A forked process at work."""
    context = multiprocessing.get_context("fork")
    process = context.Process(target=work)
    process.start()
    return process  # type: ignore[return-value]


def write_epochs(store: Store, run: Run) -> None:
    for number in range(1, NUM_EPOCHS + 1):
        store.metrics.save_epoch(run.id, 1, epoch(number))


def is_sound(store: Store) -> bool:
    with store.database.read() as connection:
        return bool(connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok")


def test_children_and_parent_write_at_once_and_nothing_is_lost(store: Store) -> None:
    runs = [running(store) for _ in range(4)]
    store.revision()
    children = [child(lambda run=run: write_epochs(store, run)) for run in runs[1:]]  # type: ignore[misc]
    write_epochs(store, runs[0])
    for each in children:
        each.join(60)
    assert [each.exitcode for each in children] == [0, 0, 0]
    assert len(store.metrics.list([run.id for run in runs])) == 4 * NUM_EPOCHS * 5
    assert is_sound(store)


def test_what_a_child_writes_after_its_parent_closed_is_kept(store: Store) -> None:
    """Without locks of its own the parent would take the journal away under it."""
    run = running(store)
    begun, go = multiprocessing.Event(), multiprocessing.Event()

    def work() -> None:
        store.metrics.save_epoch(run.id, 1, epoch(1))
        begun.set()
        go.wait(60)
        store.metrics.save_epoch(run.id, 1, epoch(2))
        os._exit(0)  # as a crash does: it does not put its store in order

    process = child(work)
    assert begun.wait(60)
    store.revision()
    store.close()
    go.set()
    process.join(60)
    assert process.exitcode == 0
    assert store.runs.get(run.id).epochs_done == 2
    assert is_sound(store)


@pytest.mark.skipif(sys.platform != "linux", reason="the locks are read from /proc/locks")
def test_a_child_holds_locks_of_its_own(store: Store) -> None:
    store.revision()
    begun, go = multiprocessing.Event(), multiprocessing.Event()

    def work() -> None:
        store.revision()
        begun.set()
        go.wait(60)

    process = child(work)
    assert begun.wait(60)
    assert process.pid is not None
    assert locks_of(process.pid, store) > 0
    go.set()
    process.join(60)


def test_threads_that_write_meanwhile_are_waited_for(store: Store) -> None:
    run, ended = running(store), threading.Event()
    written: list[int] = []

    def write() -> None:
        while not ended.is_set():
            store.metrics.save_epoch(run.id, 1, epoch(len(written) + 1))
            written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            process = child(lambda: os._exit(0 if store.runs.get(run.id).id == run.id else 1))
            process.join(60)
            assert process.exitcode == 0
    finally:
        ended.set()
        writer.join()
    assert store.runs.get(run.id).epochs_done == len(written)
    assert is_sound(store)


def test_a_child_of_an_open_transaction_is_refused_in_a_sentence(store: Store) -> None:
    run = running(store)

    def work() -> None:
        with pytest.raises(StoreError, match="'spawn'"):
            store.runs.list()
        os._exit(7)

    with store.database.write() as connection:
        process = child(work)
        process.join(60)
        connection.exec_driver_sql("UPDATE run SET notes = 'by the parent'")
    assert process.exitcode == 7
    assert store.runs.get(run.id).notes == "by the parent"


def locks_of(pid: int, store: Store) -> int:
    """How many locks a process holds on the database's file."""
    assert store.database.file is not None
    inode = store.database.file.path.stat().st_ino
    with open("/proc/locks", encoding="ascii") as file:  # noqa: PTH123 - a table of the kernel's
        rows = [line.split() for line in file]
    return sum(row[-4] == str(pid) and row[-3].endswith(f":{inode}") for row in rows)
