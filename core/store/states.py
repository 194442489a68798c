"""The one place where a run's state changes: by compare-and-set, with its event beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.errors import RunNotFound, RunStateError, StaleAttempt
from core.records.runs import RESUMABLE_STATES, TRANSITIONS, Failure, Run, RunEvent, RunState
from core.store import tables
from core.store.checks import UnreadableValue
from core.store.database import Database
from core.store.insertion import last_place
from core.store.row_reader import fetch, read_rows
from core.store.rows import EVENTS, RUNS
from core.text import quote

HOW_TO_DELETE = "The Runs page and convscope runs --delete-unreadable delete what cannot be read."
MAX_TRACEBACK = 20_000
"""Characters of a traceback that are kept: its end."""

_ENDS = frozenset({RunState.FINISHED, RunState.FAILED, RunState.STOPPED, RunState.LOST})


class States(Database):
    """Verbs that move a run through its life."""

    def transition(
        self,
        run_id: str,
        before: RunState,
        after: RunState,
        *,
        attempt: int,
        reason: str,
        failure: Failure | None = None,
    ) -> bool:
        """Change the state if run, state and attempt are still these; False if they are not.

        Raises RunStateError for a change that is never allowed.
        """
        with self.write() as connection:
            return change_state(
                connection, run_id, before, after, attempt=attempt, reason=reason, failure=failure
            )

    def claim_next(self, slot: str) -> Run | None:
        """Take the first queued run for a slot (``cpu``, ``gpu:0``); None when none waits."""
        with self.read() as connection:  # most looks find nothing and need no write lock
            if first_queued(connection) is None:
                return None
        with self.write() as connection:
            found = first_queued(connection)
            if found is None:
                return None
            now = datetime.now(UTC)
            columns: dict[str, Any] = {"device": slot, "started_at": now, "finished_at": None}
            columns |= {"heartbeat_at": now, "pid": None, "pid_created_at": None, "progress": None}
            claimed = change_state(
                connection,
                found.id,
                RunState.QUEUED,
                RunState.RUNNING,
                attempt=found.attempt,
                reason=f"started on {slot}",
                columns=columns,
            )
            return _one(connection, found.id) if claimed else None

    def request_stop(self, run_id: str) -> RunState:
        """Stop a run: at once in the queue, else the trainer stops after its batch.

        Asking twice is harmless. Raises RunNotFound, or RunStateError when it has ended.
        """
        with self.write() as connection:
            run = _one(connection, run_id)
            if run.state is RunState.STOPPING:
                return run.state
            after = RunState.STOPPED if run.state is RunState.QUEUED else RunState.STOPPING
            if not run.state.is_active:
                raise RunStateError(f"The run is {run.state} already. Only an active run stops.")
            change_state(
                connection,
                run_id,
                run.state,
                after,
                attempt=run.attempt,
                reason="stop requested",
                columns={"stop_requested_at": datetime.now(UTC)},
            )
            return after

    def resume(self, run_id: str, *, reason: str = "resumed") -> Run:
        """Queue a stopped, failed or lost run again, at the end, as its next attempt."""
        with self.write() as connection:
            run = _one(connection, run_id)
            if run.state not in RESUMABLE_STATES:
                raise RunStateError(
                    f"The run is {run.state}. Only a stopped, failed or lost run can be resumed."
                )
            last = last_place(connection)
            _queue_again(connection, run, reason, auto_resumes=0, queue_position=last + 1)
            return _one(connection, run_id)

    def lose(
        self, run_id: str, before: RunState, *, attempt: int, failure: Failure, max_resumes: int
    ) -> bool:
        """A trainer is gone without a verdict: the run is lost, and queued again at its place.

        After ``max_resumes`` times by itself it stays lost. Both are one transaction, so that
        nobody who waits for the run's end takes the moment between for it. False when run,
        state and attempt are no longer these.
        """
        with self.write() as connection:
            lost = change_state(
                connection,
                run_id,
                before,
                RunState.LOST,
                attempt=attempt,
                reason=failure.message,
                failure=failure,
            )
            run = _one(connection, run_id) if lost else None
            if run is not None and run.auto_resumes < max_resumes:
                count = run.auto_resumes + 1
                reason = f"resumed by itself ({count} of {max_resumes})"
                _queue_again(connection, run, reason, auto_resumes=count)
            return lost

    def end(
        self,
        run_id: str,
        attempt: int,
        after: RunState,
        *,
        reason: str,
        failure: Failure | None = None,
    ) -> None:
        """A trainer's verdict on its own run, whether a stop was requested meanwhile or not.

        Raises StaleAttempt when the run has gone on without this attempt.
        """
        with self.write() as connection:
            before = require_attempt(connection, run_id, attempt)
            change_state(
                connection, run_id, before, after, attempt=attempt, reason=reason, failure=failure
            )

    def note(self, run_id: str, reason: str) -> None:
        """Add a line to the run's events without changing its state."""
        with self.write() as connection:
            run = _one(connection, run_id)
            _add_event(connection, run_id, run.attempt, run.state, run.state, reason)

    def events(self, run_id: str) -> list[RunEvent]:
        """Everything that happened to a run, in order."""
        query = (
            select(tables.run_event)
            .where(tables.run_event.c.run_id == run_id)
            .order_by(tables.run_event.c.id)
        )
        with self.read() as connection:
            return read_rows(connection, query, EVENTS)


def first_queued(connection: Connection) -> Run | None:
    """The run that starts next, past those that cannot be read; None when none waits."""
    waiting = (
        select(tables.run)
        .where(tables.run.c.state == RunState.QUEUED)
        .order_by(tables.run.c.queue_position, tables.run.c.id)
    )
    # Of a long queue only the head is read, unless that cannot be.
    for query in (waiting.limit(1), waiting):
        found = read_rows(connection, query, RUNS)
        if found:
            return found[0]
    return None


def change_state(
    connection: Connection,
    run_id: str,
    before: RunState,
    after: RunState,
    *,
    attempt: int,
    reason: str,
    failure: Failure | None = None,
    columns: dict[str, Any] | None = None,
) -> bool:
    """Compare-and-set the state and write its event. No other code writes ``run.state``."""
    if after not in TRANSITIONS[before]:
        raise RunStateError(f"A run that is {before} cannot become {after}.")
    columns = dict(columns or {})
    if after in _ENDS:
        columns |= {"finished_at": datetime.now(UTC), "progress": None}
    if failure is not None:
        shortened = failure.traceback[-MAX_TRACEBACK:]
        columns["failure"] = asdict(failure) | {"traceback": shortened}
    changed = connection.execute(
        update(tables.run)
        .where(
            tables.run.c.id == run_id,
            tables.run.c.state == before,
            tables.run.c.attempt == attempt,
        )
        .values(state=after, **columns)
    )
    if changed.rowcount != 1:
        return False
    told = columns.get("attempt", attempt)
    _add_event(connection, run_id, told, before, after, reason)
    return True


def require_attempt(
    connection: Connection, run_id: str, attempt: int, *, lock: bool = True
) -> RunState:
    """The state of a run that this attempt still owns; StaleAttempt when it does not.

    The row stays locked to the transaction's end, for databases where that is not a given.
    """
    query = select(tables.run.c.state, tables.run.c.attempt).where(tables.run.c.id == run_id)
    found = fetch(connection, query.with_for_update() if lock else query)
    if not found:
        raise StaleAttempt(f"Run {run_id} was deleted. Attempt {attempt} must end.")
    state, owner = found[0]["state"], found[0]["attempt"]
    if owner != attempt or state not in {RunState.RUNNING, RunState.STOPPING}:
        raise StaleAttempt(
            f"Run {run_id} is {state} in attempt {owner}. Attempt {attempt} must end."
        )
    return RunState(state)


def _queue_again(connection: Connection, run: Run, reason: str, **columns: Any) -> None:
    columns |= {"attempt": run.attempt + 1, "failure": None, "stop_requested_at": None}
    columns |= {"progress": None, "heartbeat_at": None, "finished_at": None}
    columns |= {"pid": None, "pid_created_at": None}
    change_state(
        connection,
        run.id,
        run.state,
        RunState.QUEUED,
        attempt=run.attempt,
        reason=reason,
        columns=columns,
    )


def _add_event(
    connection: Connection,
    run_id: str,
    attempt: int,
    before: RunState | None,
    after: RunState,
    reason: str,
) -> None:
    connection.execute(
        insert(tables.run_event).values(
            run_id=run_id,
            at=datetime.now(UTC),
            attempt=attempt,
            before=before,
            after=after,
            reason=reason,
        )
    )


def _one(connection: Connection, run_id: str) -> Run:
    query = select(tables.run).where(tables.run.c.id == run_id).with_for_update()
    rows = fetch(connection, query)
    if not rows:
        raise RunNotFound(f"No run has the id {quote(run_id)}. See the list of runs.")
    return readable_run(rows[0])


def readable_run(row: Mapping[str, Any]) -> Run:
    """The same as `to_run`. Raises RunNotFound for a row that cannot be read."""
    try:
        return RUNS.read(row)
    except UnreadableValue as error:
        raise RunNotFound(f"The run cannot be read: {error}. {HOW_TO_DELETE}") from error
