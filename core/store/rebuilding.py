"""Rows of runs that were found in their folders, for a database that is made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import insert

from core.store import tables
from core.store.records import Artifact, Run
from core.store.rows import FinishedEpoch, best_columns, best_of, epoch_rows
from core.store.sql import Store

REASON = "rebuilt from the run's folder"


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
    """Add one run with its curve, its files and a line in its events that says where it is from."""
    run = rebuilt.run
    row = {name: value for name, value in asdict(run).items() if name in tables.run.c}
    row |= {"queue_position": queue_position, "tags": list(run.tags)}
    row |= best_columns(best_of(rebuilt.history)) | {"epochs_done": len(rebuilt.history)}
    event = {"run_id": run.id, "at": datetime.now(UTC), "attempt": run.attempt}
    event |= {"before": None, "after": run.state, "reason": " ".join((REASON, *rebuilt.remarks))}
    rows = [each for record in rebuilt.history for each in epoch_rows(run.id, record)]
    with store.write() as connection:
        connection.execute(insert(tables.run), [row])
        connection.execute(insert(tables.run_event), [event])
        if rows:
            connection.execute(insert(tables.metric), rows)
    for artifact in rebuilt.artifacts:
        store.save_test_artifact(artifact)
    if rebuilt.test_epoch is not None:
        store.save_test_metrics(run.id, rebuilt.test_epoch, rebuilt.test_scores)
