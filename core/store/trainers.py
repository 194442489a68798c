"""What a running trainer tells, each write carrying its attempt, and what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update

from core.records.runs import Progress, RunState
from core.store import tables
from core.store.checks import is_number, is_process_id
from core.store.database import Database
from core.store.row_reader import fetch
from core.store.rows import progress_column
from core.store.states import require_attempt


class TrainerStore:
    """Verbs of trainers. Each raises StaleAttempt when a newer attempt owns the run."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def attach(self, run_id: str, attempt: int, *, pid: int, pid_created_at: float) -> None:
        """Say which process works on the run."""
        columns = {"pid": pid, "pid_created_at": pid_created_at}
        self._update(run_id, attempt, columns | {"heartbeat_at": datetime.now(UTC)})

    def heartbeat(self, run_id: str, attempt: int) -> None:
        """I am alive. No change that a page would show."""
        self._update(run_id, attempt, {"heartbeat_at": datetime.now(UTC)}, visible=False)

    def save_progress(self, run_id: str, attempt: int, progress: Progress) -> None:
        """Where the trainer is now; it is a sign of life as well."""
        now = datetime.now(UTC)
        columns = {"progress": progress_column(progress, now), "heartbeat_at": now}
        self._update(run_id, attempt, columns)

    def set_engine(self, run_id: str, attempt: int, engine: str) -> None:
        """The Keras backend that really runs."""
        self._update(run_id, attempt, {"engine": engine})

    def set_work(self, run_id: str, attempt: int, *, machine: str, flops_per_image: float) -> None:
        """What later estimates need: where the run goes on and how much an image costs."""
        self._update(run_id, attempt, {"machine": machine, "flops_per_image": flops_per_image})

    def stop_requested(self, run_id: str, attempt: int) -> bool:
        """Whether somebody asked the run to stop. Reads only."""
        with self._database.read() as connection:
            state = require_attempt(connection, run_id, attempt, lock=False)
            return state is RunState.STOPPING

    def occupied_slots(self) -> list[tuple[object, object]]:
        """Id and slot of each run that is at work, also of rows that cannot be read otherwise."""
        run = tables.run.c
        at_work = run.state.in_([RunState.RUNNING, RunState.STOPPING])
        with self._database.read() as connection:
            rows = fetch(connection, select(run.id, run.device).where(at_work))
        return [(row["id"], row["device"]) for row in rows]

    def process_of(self, run_id: str) -> tuple[int, float] | None:
        """Process id and start time (see `ProcessIdentity`) of the run's last trainer."""
        query = select(tables.run.c.pid, tables.run.c.pid_created_at)
        with self._database.read() as connection:
            rows = fetch(connection, query.where(tables.run.c.id == run_id))
        return process_in(rows[0]) if rows else None

    def _update(
        self, run_id: str, attempt: int, columns: dict[str, Any], *, visible: bool = True
    ) -> None:
        with self._database.write(visible=visible) as connection:
            require_attempt(connection, run_id, attempt)
            where = tables.run.c.id == run_id
            connection.execute(update(tables.run).where(where).values(**columns))


def process_in(row: Mapping[str, Any]) -> tuple[int, float] | None:
    """Process id and start time in a row that has both; None where there is no process."""
    pid, created_at = row["pid"], row["pid_created_at"]
    return (pid, created_at) if is_process_id(pid) and is_number(created_at) else None
