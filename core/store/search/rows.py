"""Between a search's records and their rows, and the one place where its state changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, func, or_, select, update

from core.errors import SearchNotFound, SearchStateError
from core.records.runs import RunState
from core.records.searches import SEARCH_TRANSITIONS, SearchRecord, SearchState, Trial, TrialState
from core.settings import is_id
from core.store import tables
from core.store.checks import SEARCH, TRIAL, UnreadableValue, is_count
from core.store.row_reader import Shape, fetch, read_rows
from core.store.states import HOW_TO_DELETE, change_state
from core.text import quote

_SEARCH_NAMES = (
    "id",
    "name",
    "reason",
    "config",
    "budget",
    "preset",
    "base_run_id",
    "created_at",
    "started_at",
    "finished_at",
    "seconds_before",
    "best_number",
    "best_score",
    "heartbeat_at",
    "pid",
    "generation",
    "failures",
    "restarts",
)
_TRIAL_NAMES = (
    "search_id",
    "number",
    "key",
    "values",
    "score",
    "best_epoch",
    "epochs",
    "initial_epoch",
    "continues",
    "origin",
    "reason",
    "num_runs",
    "created_at",
    "started_at",
    "finished_at",
    "told_order",
)
_NO_NUMBER = 2**31
_STOPPABLE = (RunState.QUEUED, RunState.RUNNING)


def to_search(row: Mapping[str, Any]) -> SearchRecord:
    """A row of `search_query` as its record."""
    return SearchRecord(
        **{name: row[name] for name in _SEARCH_NAMES},
        state=SearchState(row["state"]),
        num_trials=row["num_trials"],
        num_done=row["num_done"],
    )


def to_trial(row: Mapping[str, Any], run_ids: Iterable[str]) -> Trial:
    """A row of `trial` as its record."""
    return Trial(
        **{name: row[name] for name in _TRIAL_NAMES},
        state=TrialState(row["state"]),
        verdict=TrialState(row["verdict"]) if row["verdict"] else None,
        run_ids=tuple(run_ids),
    )


SEARCHES = Shape(SEARCH, to_search)


def search_query() -> Select[Any]:
    """All searches with the number of their trials."""
    trial = tables.trial.c
    counts = (
        select(
            trial.search_id,
            func.count().label("num_trials"),
            func.count(trial.finished_at).label("num_done"),
        )
        .group_by(trial.search_id)
        .subquery()
    )
    return select(
        tables.search,
        func.coalesce(counts.c.num_trials, 0).label("num_trials"),
        func.coalesce(counts.c.num_done, 0).label("num_done"),
    ).outerjoin(counts, counts.c.search_id == tables.search.c.id)


def needs_controller() -> ColumnElement[bool]:
    """A search that needs a controller: it runs, or trials of it have not ended yet."""
    c, trial = tables.search.c, tables.trial.c
    in_flight = select(trial.search_id).where(trial.state == TrialState.RUNNING)
    winding_up = c.state.in_([SearchState.PAUSED, SearchState.FINISHED]) & c.id.in_(in_flight)
    return or_(c.state == SearchState.RUNNING, winding_up)


def one_search(connection: Connection, search_id: str) -> SearchRecord:
    """The search with that id. Raises SearchNotFound."""
    rows = fetch(connection, search_query().where(tables.search.c.id == search_id))
    if not rows:
        raise SearchNotFound(f"No search has the id {quote(search_id)}. See the list of searches.")
    return readable_search(rows[0])


def readable_search(row: Mapping[str, Any]) -> SearchRecord:
    """The same as `to_search`. Raises SearchNotFound for a row that cannot be read."""
    try:
        return SEARCHES.read(row)
    except UnreadableValue as error:
        raise SearchNotFound(f"The search cannot be read: {error}. {HOW_TO_DELETE}") from error


def trials_of(connection: Connection, search_id: str, *, number: int | None = None) -> list[Trial]:
    """Trials by number, with the ids of those of their runs that are still there."""
    c, trial = tables.run.c, tables.trial.c
    ids: dict[int, list[str]] = {}
    of_trials = and_(c.search_id == search_id, c.promoted.is_(False))
    query = select(c.trial_number, c.id).where(of_trials).order_by(c.queue_position, c.id)
    rows = select(tables.trial).where(trial.search_id == search_id).order_by(trial.number)
    if number is not None:
        query, rows = query.where(c.trial_number == number), rows.where(trial.number == number)
    for run in fetch(connection, query):
        if is_count(run["trial_number"]) and is_id(run["id"]):
            ids.setdefault(run["trial_number"], []).append(run["id"])
    shape = Shape(TRIAL, lambda row: to_trial(row, ids.get(row["number"], ())))
    return read_rows(connection, rows, shape)


def last_number(
    connection: Connection, search_id: str, column: Column[Any] = tables.trial.c.number
) -> int:
    """The highest number of a search's trials, or of another column of theirs; 0 without one."""
    # SQLite counts text as larger than every number.
    mine = and_(tables.trial.c.search_id == search_id, column < _NO_NUMBER)
    return int(connection.execute(select(func.max(column)).where(mine)).scalar() or 0)


def one_trial(connection: Connection, search_id: str, number: int) -> Trial:
    """One trial. Raises SearchNotFound."""
    found = trials_of(connection, search_id, number=number)
    if not found:
        raise SearchNotFound(f"The search has no trial {number}. See its list of trials.")
    return found[0]


def change_search(
    connection: Connection, search: SearchRecord, after: SearchState, reason: str
) -> None:
    """Move a search through its life. No other code writes ``search.state``.

    Raises SearchStateError for a change that is not allowed.
    """
    if after not in SEARCH_TRANSITIONS[search.state]:
        raise SearchStateError(f"The search is {search.state} and cannot become {after}.")
    now = datetime.now(UTC)
    columns: dict[str, Any] = {"state": after, "reason": reason}
    if after is SearchState.RUNNING:
        columns |= {"started_at": now, "finished_at": None, "failures": 0, "restarts": 0}
    else:
        ended = None if after is SearchState.PAUSED else now
        columns |= {"seconds_before": search.seconds_spent(now), "finished_at": ended}
    where = tables.search.c.id == search.id
    connection.execute(update(tables.search).where(where).values(**columns))


def change_trial(
    connection: Connection, search_id: str, number: int, columns: Mapping[str, Any]
) -> None:
    """Write columns of one trial."""
    c = tables.trial.c
    where = and_(c.search_id == search_id, c.number == number)
    connection.execute(update(tables.trial).where(where).values(**columns))


def stop_runs(connection: Connection, run_ids: Iterable[str], reason: str) -> None:
    """Stop queued runs at once, and running ones after their current batch."""
    run = tables.run.c
    query = select(run.id, run.state, run.attempt).where(run.id.in_(list(run_ids)))
    for found in fetch(connection, query.where(run.state.in_(_STOPPABLE))):
        if not is_count(found["attempt"]):
            continue  # nobody can have claimed it
        is_queued = found["state"] == RunState.QUEUED
        change_state(
            connection,
            found["id"],
            RunState(found["state"]),
            RunState.STOPPED if is_queued else RunState.STOPPING,
            attempt=found["attempt"],
            reason=reason,
            columns={"stop_requested_at": datetime.now(UTC)},
        )
