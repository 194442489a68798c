"""Runs as people handle them: add, look up, order, name, delete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from core.errors import RunNotFound, RunStateError
from core.records.runs import (
    ACTIVE_STATES,
    RESUMABLE_STATES,
    EventKind,
    Failure,
    Run,
    RunEvent,
    RunState,
)
from core.settings import is_id
from core.store import tables
from core.store.checks import is_number
from core.store.database import Database
from core.store.insertion import clean_tags, insert_runs, last_place, run_rows
from core.store.row_reader import fetch, read_rows
from core.store.rows import EVENTS, RUNS
from core.store.states import (
    add_event,
    change_state,
    first_queued,
    locked_run,
    queue_again,
    readable_run,
    require_attempt,
)
from core.text import NAME, NOTES, check_text, quote

if TYPE_CHECKING:
    # For its type only: the supervisor imports this module and has no use for pydantic.
    from core.spec import Experiment


_WHOLE_ID = re.compile(r"[0-9a-f]{32}")


class RunStore:
    """Runs: add, look up, order, name, move through their states, delete."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, experiment: Experiment, *, preset: str | None = None, tags: Iterable[str] = ()
    ) -> list[Run]:
        """Queue one run for each seed, at the end, in one transaction."""
        return self.add_together([(experiment, preset)], tags=tags)

    def add_together(
        self, launches: Sequence[tuple[Experiment, str | None]], *, tags: Iterable[str] = ()
    ) -> list[Run]:
        """The same for several experiments, each with its preset's name: all or none, one group."""
        rows = [row for launch in launches for row in run_rows(*launch)]
        with self._database.write() as connection:
            ids = insert_runs(connection, rows, tags)
        return self.list(ids=ids)

    def get(self, reference: str) -> Run:
        """The run with that id, or whose id alone begins so. Raises RunNotFound."""
        wanted = reference.strip().lower()
        if not re.fullmatch(r"[0-9a-f]{1,32}", wanted):
            raise no_such_run(reference)
        query = select(tables.run).where(tables.run.c.id.startswith(wanted)).limit(2)
        with self._database.read() as connection:
            rows = fetch(connection, query)
        if not rows:
            raise no_such_run(reference)
        if len(rows) > 1:
            raise RunNotFound(f"Several runs begin with {quote(reference)}. Give more of the id.")
        return readable_run(rows[0])

    def find_ids(self, references: Sequence[str]) -> list[str]:
        """The whole ids of runs given as ids or unique starts, in order. Raises RunNotFound.

        One query for all whole ids, without reading the runs.
        """
        wanted = [each.strip().lower() for each in references]
        whole = [each for each in wanted if _WHOLE_ID.fullmatch(each)]
        with self._database.read() as connection:
            query = select(tables.run.c.id).where(tables.run.c.id.in_(whole))
            known = set(connection.scalars(query))
        return [
            each if each in known else self.get(reference).id
            for each, reference in zip(wanted, references, strict=True)
        ]

    def queue(self) -> list[Run]:
        """Queued runs in the order in which they will start."""
        query = (
            select(tables.run)
            .where(tables.run.c.state == RunState.QUEUED)
            .order_by(tables.run.c.queue_position, tables.run.c.id)
        )
        with self._database.read() as connection:
            return read_rows(connection, query, RUNS)

    def move_in_queue(self, run_id: str, to_index: int) -> None:
        """Put a queued run at a place (0 starts next). Raises RunStateError when not queued."""
        query = (
            select(tables.run.c.id, tables.run.c.queue_position)
            .where(tables.run.c.state == RunState.QUEUED)
            .order_by(tables.run.c.queue_position, tables.run.c.id)
        )
        with self._database.write() as connection:
            rows = [row for row in fetch(connection, query) if _has_place(row)]
            order = [row["id"] for row in rows]
            if run_id not in order:
                raise RunStateError("The run is not in the queue any more.")
            order.remove(run_id)
            order.insert(max(0, to_index), run_id)
            # The same places, dealt out anew: runs outside the queue keep theirs.
            for place, each in zip([row["queue_position"] for row in rows], order, strict=True):
                where = tables.run.c.id == each
                connection.execute(update(tables.run).where(where).values(queue_position=place))

    def rename(self, run_id: str, name: str) -> None:
        """Call the run something else. Raises InvalidText for what cannot be a name."""
        self._describe(run_id, name=check_text("name", name.strip(), NAME))

    def set_tags(self, run_id: str, tags: Iterable[str]) -> None:
        """Replace the run's tags. Raises InvalidText for one that cannot be kept."""
        self._describe(run_id, tags=clean_tags(tags))

    def set_notes(self, run_id: str, text: str) -> None:
        """Replace the run's notes. Raises InvalidText for what cannot be kept."""
        self._describe(run_id, notes=check_text("notes", text, NOTES))

    def archive(self, run_id: str, archived: bool = True) -> None:
        """Take the run out of the lists, or put it back."""
        self._describe(run_id, archived=archived)

    def delete(self, run_id: str) -> None:
        """Forget an ended run with all its rows. Its folder is for the caller to remove."""
        with self._database.write() as connection:
            state = connection.execute(
                select(tables.run.c.state).where(tables.run.c.id == run_id)
            ).scalar()
            if state is None:
                raise no_such_run(run_id)
            if state in ACTIVE_STATES:
                raise RunStateError(f"The run is {state}. Stop it before it is deleted.")
            connection.execute(delete(tables.run).where(tables.run.c.id == run_id))

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
        with self._database.write() as connection:
            return change_state(
                connection, run_id, before, after, attempt=attempt, reason=reason, failure=failure
            )

    def claim_next(self, slot: str) -> Run | None:
        """Take the first queued run for a slot (``cpu``, ``gpu:0``); None when none waits."""
        with self._database.read() as connection:  # most looks find nothing and need no write lock
            if first_queued(connection) is None:
                return None
        with self._database.write() as connection:
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
            return locked_run(connection, found.id) if claimed else None

    def request_stop(self, run_id: str) -> RunState:
        """Stop a run: at once in the queue, else the trainer stops after its batch.

        Asking twice is harmless. Raises RunNotFound, or RunStateError when it has ended.
        """
        with self._database.write() as connection:
            run = locked_run(connection, run_id)
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

    def resume(self, run_id: str) -> Run:
        """Queue a stopped, failed or lost run again, at the end, as its next attempt."""
        with self._database.write() as connection:
            run = locked_run(connection, run_id)
            if run.state not in RESUMABLE_STATES:
                raise RunStateError(
                    f"The run is {run.state}. Only a stopped, failed or lost run can be resumed."
                )
            place = last_place(connection) + 1
            again = {"auto_resumes": 0, "queue_position": place}
            queue_again(connection, run, "resumed", EventKind.RESUMED, **again)
            return locked_run(connection, run_id)

    def lose(
        self, run_id: str, before: RunState, *, attempt: int, failure: Failure, max_resumes: int
    ) -> bool:
        """A trainer is gone without a verdict: the run is lost, and queued again at its place.

        After ``max_resumes`` times by itself it stays lost. Both are one transaction, so that
        nobody who waits for the run's end takes the moment between for it. False when run,
        state and attempt are no longer these.
        """
        with self._database.write() as connection:
            lost = change_state(
                connection,
                run_id,
                before,
                RunState.LOST,
                attempt=attempt,
                reason=failure.message,
                failure=failure,
            )
            run = locked_run(connection, run_id) if lost else None
            if run is not None and run.auto_resumes < max_resumes:
                count = run.auto_resumes + 1
                reason = f"resumed automatically ({count} of {max_resumes})"
                queue_again(connection, run, reason, EventKind.AUTO_RESUMED, auto_resumes=count)
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
        with self._database.write() as connection:
            before = require_attempt(connection, run_id, attempt)
            change_state(
                connection, run_id, before, after, attempt=attempt, reason=reason, failure=failure
            )

    def note(self, run_id: str, reason: str, kind: EventKind = EventKind.NOTE) -> None:
        """Add an event to the run without a change of its state."""
        with self._database.write() as connection:
            run = locked_run(connection, run_id)
            state = run.state
            add_event(connection, run_id, run.attempt, state, state, kind=kind, reason=reason)

    def events(self, run_id: str) -> list[RunEvent]:
        """Everything that happened to a run, in order."""
        query = (
            select(tables.run_event)
            .where(tables.run_event.c.run_id == run_id)
            .order_by(tables.run_event.c.id)
        )
        with self._database.read() as connection:
            return read_rows(connection, query, EVENTS)

    def list(
        self,
        *,
        ids: Sequence[str] | None = None,
        states: Iterable[RunState] | None = None,
        include_archived: bool = True,
        search_id: str | None = None,
        include_trials: bool = True,
    ) -> list[Run]:
        """Runs, oldest first, or in the order of ``ids``. Unknown ids raise RunNotFound.

        ``search_id`` asks for those of one search, promoted ones among them; without
        ``include_trials`` runs of trials are left out, and promoted ones are not.
        """
        query = select(tables.run).order_by(tables.run.c.created_at, tables.run.c.queue_position)
        if ids is not None:
            query = query.where(tables.run.c.id.in_([each for each in ids if is_id(each)]))
        if states is not None:
            query = query.where(tables.run.c.state.in_(list(states)))
        if not include_archived:
            query = query.where(tables.run.c.archived.is_(False))
        if search_id is not None:
            query = query.where(tables.run.c.search_id == search_id)
        if not include_trials:
            query = query.where(tables.run.c.search_id.is_(None) | tables.run.c.promoted)
        with self._database.read() as connection:
            found = read_rows(connection, query, RUNS)
        return found if ids is None else _in_order(found, ids, complete=states is None)

    def _describe(self, run_id: str, **columns: Any) -> None:
        with self._database.write() as connection:
            where = tables.run.c.id == run_id
            changed = connection.execute(update(tables.run).where(where).values(**columns))
            if changed.rowcount != 1:
                raise no_such_run(run_id)


def no_such_run(reference: object) -> RunNotFound:
    """No run has that id, or the row that has it cannot be read."""
    return RunNotFound(f"No run has the id {quote(reference)}. See the list of runs.")


def _has_place(row: Mapping[str, Any]) -> bool:
    return is_id(row["id"]) and is_number(row["queue_position"])


def _in_order(found: list[Run], ids: Sequence[str], *, complete: bool) -> list[Run]:
    by_id = {run.id: run for run in found}
    missing = [each for each in ids if each not in by_id]
    if missing and complete:
        raise no_such_run(missing[0])
    return [by_id[each] for each in ids if each in by_id]
