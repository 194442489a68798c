"""A small lab whose rows are changed by hand, one column at a time, and put back."""

from __future__ import annotations

import random
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.client import Client
from core.errors import ConvscopeError
from core.jobs.devices import machine_fingerprint
from core.jobs.watch import Watch
from core.processes import ProcessIdentity
from core.records.phases import Phase
from core.records.runs import Artifact, Progress
from core.settings import Settings
from core.spec import parse
from core.store.database import sqlite_module
from tests.core.client.searching import add_search, lived_search, small_search
from tests.core.store.lives import epoch, queued

TABLES = ("run", "metric", "run_event", "artifact", "search", "trial", "setting", "revision")
LATIN_1 = b"caf\xe9"
DEEP = "[" * 900 + "]" * 900
VALUES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "nothing": ("NULL", ()),
    "bytes": ("?", (LATIN_1,)),
    "text that is not UTF-8": ("CAST(? AS TEXT)", (LATIN_1,)),
    "a word": ("?", ("hostile",)),
    "no text": ("?", ("",)),
    "a huge number": ("?", (2**63 - 1,)),
    "a negative number": ("?", (-1,)),
    "a fraction": ("?", (0.5,)),
    "infinity": ("?", (float("inf"),)),
    "the word nan": ("?", ("nan",)),
    "a path": ("?", ("../../../etc/passwd",)),
    "100 kB": ("?", ("x" * 100_000,)),
    "broken JSON": ("?", ('{"model": [1,',)),
    "other JSON": ("?", ('{"model": 5, "base": [], "epochs": "many"}',)),
    "deep JSON": ("?", (DEEP,)),
    "a list": ("?", ('["a", 5, null]',)),
    "controls": ("?", ("a\x00b\x1b[2J",)),
    "half a character in JSON": ("?", ('["\\ud800"]',)),
}


@dataclass(frozen=True)
class Change:
    """A column of a table, and which of ``VALUES`` is put there."""

    table: str
    column: str
    value: str


@dataclass
class HostileLab:
    """The lab, an untouched copy of its database, and what is in it."""

    client: Client
    copy: Path
    stand_in: subprocess.Popen[bytes]
    search_id: str = ""
    run_ids: set[str] = field(default_factory=set)

    @property
    def database(self) -> Path:
        return self.client.settings.results / "convscope.sqlite"

    def columns(self, table: str) -> list[str]:
        """Of a table, in its order."""
        with closing(_opened(self.copy)) as connection:
            return [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]

    @contextmanager
    def changed(self, changes: Sequence[Change]) -> Iterator[set[str]]:
        """Rows with hostile values, each change in a row of its own.

        Gives the ids of the runs that these rows belong to.
        """
        ids: set[str] = set()
        with closing(_opened(self.database)) as connection:
            places = {table: _places(connection, table) for table in TABLES}
            for change in changes:
                place = places[change.table].pop(0) if places[change.table] else 1
                ids |= _owner(connection, change.table, place)
                _write(connection, change, place)
        try:
            yield ids
        finally:
            self.restore()

    def restore(self) -> None:
        """Every table as it was."""
        with closing(_opened(self.database)) as connection:
            connection.execute("ATTACH ? AS copy", (str(self.copy),))
            connection.execute("BEGIN IMMEDIATE")
            for table in TABLES:
                connection.execute(f"DELETE FROM main.{table}")
                connection.execute(f"INSERT INTO main.{table} SELECT * FROM copy.{table}")
            # Who remembers what was there under an old number must look again.
            connection.execute("UPDATE main.revision SET value = ?", (_next_revision(),))
            connection.execute("COMMIT")

    def look_once(self) -> None:
        """One look of a supervisor. Folders cannot be made here, so no process starts."""
        Watch(self.client.settings, self.client.store, _gpus=()).poll()

    def read_everything(self) -> None:
        """What pages and the command line read of the whole lab: no error may come of it."""
        lab = self.client
        lab.runs.list(include_archived=True)
        lab.runs.queue()
        lab.metrics.last()
        lab.machine.slots()
        lab.revision()
        lab.store.metrics.past_speeds(machine_fingerprint())
        found = lab.searches.list()
        for each in (*found[:1], *found[-2:]):
            for read in (
                lab.trials.list,
                lab.trials.metrics,
                lab.trials.importance,
                lab.trials.promotions,
            ):
                _or_lab_error(read, each.id)
        lab.unreadable.list(everything=True)

    def read_run(self, run_id: str) -> None:
        """Everything of one run."""
        lab = self.client
        assert lab.runs.get(run_id).id == run_id
        parse(lab.runs.get(run_id).config)
        for read in (
            lab.metrics.history,
            lab.metrics.test_scores,
            lab.runs.events,
            lab.runs.log,
            lab.runs.clone,
        ):
            read(run_id)
        for artifact in lab.artifacts.list(run_id):
            lab.artifacts.exists(artifact)
        lab.metrics.frame([run_id])


def make_lab(folder: Path) -> HostileLab:
    """Runs in several states, a search with trials and a promotion, files and curves."""
    settings = Settings.from_environment(
        {
            "CONVSCOPE_RESULTS": str(folder / "results"),
            "CONVSCOPE_DATA": str(folder / "data"),
            "CONVSCOPE_CACHE": str(folder / "cache"),
        }
    )
    client = Client(settings)
    client.machine.set_cpu_slots(1)
    store = client.store
    for number in range(22):
        store.searches.pause(add_search(client, small_search(name=f"waits {number}")).id)
    search, _ = lived_search(client)
    for number in range(18):
        values = {"dropout": 0.0, "rate": 0.001 * (number + 2)}
        store.searches.enqueue_trial(search.id, values, epochs=2)
    store.searches.pause(search.id)
    stand_in = subprocess.Popen(["sleep", "600"], start_new_session=True)
    queued(store, seeds=tuple(range(44)))
    running = store.runs.claim_next("cpu")
    assert running is not None
    me = ProcessIdentity.of(stand_in.pid)
    store.trainers.attach(running.id, 1, pid=me.pid, pid_created_at=me.created_at)
    store.trainers.set_work(running.id, 1, machine=machine_fingerprint(), flops_per_image=1e6)
    store.trainers.save_progress(
        running.id, 1, Progress(Phase.TRAINING, 2, 1, 9, metrics={"loss": 1.0})
    )
    for number in (1, 2):
        store.metrics.save_epoch(running.id, 1, epoch(number))
    now = datetime.now(UTC)
    for number in range(8):
        path = f"best/{number}.keras"
        store.artifacts.save(1, Artifact(running.id, "best_model", path, 1, 3, "0" * 64, now))
    # A file where the folders would be: nothing can be started here, and nothing is.
    for name in ("runs", "searches"):
        (settings.results / name).touch()
    copy = folder / "copy.sqlite"
    with closing(_opened(settings.results / "convscope.sqlite")) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    ids = {run.id for run in client.runs.list(include_archived=True)}
    return HostileLab(client, copy, stand_in, search.id, ids)


def close_lab(lab: HostileLab) -> None:
    """End what was started for it."""
    lab.client.close()
    lab.stand_in.kill()
    lab.stand_in.wait()


def sampled(lab: HostileLab, count: int, seed: int) -> list[Change]:
    """Some changes of columns, the same for the same seed."""
    every = [Change(t, c, v) for t in TABLES for c in lab.columns(t) for v in VALUES]
    return random.Random(seed).sample(every, count)


_OWNERS = {"run": "id", "metric": "run_id", "run_event": "run_id", "artifact": "run_id"}


def _places(connection: sqlite3.Connection, table: str) -> list[int]:
    """Row numbers, the oldest first."""
    return [row[0] for row in connection.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]


def _owner(connection: sqlite3.Connection, table: str, place: int) -> set[str]:
    if table not in _OWNERS:
        return set()
    query = f"SELECT {_OWNERS[table]} FROM {table} WHERE rowid = {place}"
    return {row[0] for row in connection.execute(query)}


def _write(connection: sqlite3.Connection, change: Change, place: int) -> None:
    sql, parameters = VALUES[change.value]
    statement = f'UPDATE OR IGNORE {change.table} SET "{change.column}" = {sql} WHERE rowid = ?'
    # One that refuses NULL, or takes whole numbers only, stays as it is.
    with suppress(sqlite_module().IntegrityError):
        connection.execute(statement, (*parameters, place))


_revisions = iter(range(10_000, 10_000_000))


def _next_revision() -> int:
    return next(_revisions)


def _opened(file: Path) -> sqlite3.Connection:
    # The lab's own SQLite: two libraries in one process would lose each other's locks.
    connection: sqlite3.Connection = sqlite_module().connect(str(file), isolation_level=None)
    connection.execute("PRAGMA busy_timeout = 30000")
    return connection


def _or_lab_error(read: Callable[[str], Any], reference: str) -> None:
    try:
        read(reference)
    except ConvscopeError as error:
        assert len(str(error)) < 5000
