"""The one place where a run's state changes: by compare-and-set, with its event beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.errors import RunNotFound, RunStateError, StaleAttempt
from core.records.runs import TRANSITIONS, EventKind, Failure, Run, RunState
from core.store import tables
from core.store.checks import UnreadableValue
from core.store.row_reader import fetch, read_rows
from core.store.rows import RUNS
from core.text import quote

HOW_TO_DELETE = "The Runs page and convscope runs --delete-unreadable delete what cannot be read."
MAX_TRACEBACK = 20_000
"""Characters of a traceback that are kept: its end."""

_ENDS = frozenset({RunState.FINISHED, RunState.FAILED, RunState.STOPPED, RunState.LOST})


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
    kind: EventKind | None = None,
    failure: Failure | None = None,
    columns: dict[str, Any] | None = None,
) -> bool:
    """Compare-and-set the state and write its event. No other code writes ``run.state``.

    ``kind``: the event's, where the two states do not imply it. False when run, state and attempt
    are no longer these. Raises RunStateError for a change that is never allowed.
    """
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
    kind = kind or EventKind.of_change(before, after)
    add_event(
        connection, run_id, columns.get("attempt", attempt), before, after, kind=kind, reason=reason
    )
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


def queue_again(
    connection: Connection, run: Run, reason: str, kind: EventKind, **columns: Any
) -> None:
    """Queue an ended run as its next attempt."""
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
        kind=kind,
        columns=columns,
    )


def add_event(
    connection: Connection,
    run_id: str,
    attempt: int,
    before: RunState | None,
    after: RunState,
    *,
    kind: EventKind,
    reason: str,
) -> None:
    """Write an event of now."""
    connection.execute(
        insert(tables.run_event).values(
            run_id=run_id,
            at=datetime.now(UTC),
            attempt=attempt,
            before=before,
            after=after,
            kind=kind,
            reason=reason,
        )
    )


def locked_run(connection: Connection, run_id: str) -> Run:
    """The run, its row locked to the transaction's end. Raises RunNotFound."""
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
