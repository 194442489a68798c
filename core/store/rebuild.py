"""Rows of runs that were found in their folders, for a database that is made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Table, insert, select

from core.errors import ArtifactCorrupt
from core.records.runs import Artifact, EventKind, Run
from core.store import tables
from core.store.checks import ARTIFACT, EVENT, METRIC, RUN, Holds, UnreadableValue, check_row
from core.store.metrics import test_rows
from core.store.row_reader import fetch
from core.store.rows import FinishedEpoch, best_columns, best_of, epoch_rows
from core.store.store import Store

REASON = "rebuilt from the run's folder"
_READ: tuple[tuple[Table, str, Mapping[str, Holds]], ...] = (
    (tables.run, "id", RUN),
    (tables.run_event, "run_id", EVENT),
    (tables.metric, "run_id", METRIC),
    (tables.artifact, "run_id", ARTIFACT),
)
"""The tables of a run's rows, the column with its id, and what readers check."""


@dataclass(frozen=True)
class RebuiltRun:
    """One run with everything that its folder holds of it."""

    run: Run
    history: tuple[FinishedEpoch, ...]
    artifacts: tuple[Artifact, ...]
    test_epoch: int | None
    """The epoch whose network was evaluated on the test images; None when none was."""
    test_scores: Mapping[str, float]
    remarks: tuple[str, ...]
    """What was lost of it: a sentence each."""


def add_rebuilt(store: Store, rebuilt: RebuiltRun, queue_position: float) -> None:
    """Add one run with its curve, its files and a line in its events that says where it is from.

    Raises ArtifactCorrupt when a row could not be read again, and StoreError when the database
    refuses one; nothing is added then.
    """
    run = rebuilt.run
    row = {name: value for name, value in asdict(run).items() if name in tables.run.c}
    row |= {"queue_position": queue_position, "tags": list(run.tags)}
    row |= best_columns(best_of(rebuilt.history)) | {"epochs_done": len(rebuilt.history)}
    event = {"run_id": run.id, "at": datetime.now(UTC), "attempt": run.attempt}
    event |= {"before": None, "after": run.state, "kind": EventKind.REBUILT}
    event["reason"] = " ".join((REASON, *rebuilt.remarks))
    rows = [each for record in rebuilt.history for each in epoch_rows(run.id, record)]
    if rebuilt.test_epoch is not None:
        rows += test_rows(run.id, rebuilt.test_epoch, rebuilt.test_scores)
    with store.database.write() as connection:
        connection.execute(insert(tables.run), [row])
        connection.execute(insert(tables.run_event), [event])
        if rows:
            connection.execute(insert(tables.metric), rows)
        if rebuilt.artifacts:
            connection.execute(insert(tables.artifact), list(map(asdict, rebuilt.artifacts)))
        _require_readable(connection, run.id)


def _require_readable(connection: Connection, run_id: str) -> None:
    """Raises ArtifactCorrupt for the first stored value that readers refuse."""
    for table, key, checks in _READ:
        for row in fetch(connection, select(table).where(table.c[key] == run_id)):
            try:
                check_row(row, checks)
            except UnreadableValue as error:
                raise ArtifactCorrupt(
                    f"Its run.json or a checkpoint has a value that no run can have: {error}."
                ) from error
