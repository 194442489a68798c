"""What controllers of searches write and read. Every write carries its generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, or_, select, update

from core.errors import StaleController
from core.records.searches import (
    ORACLE,
    SEARCH_TRANSITIONS,
    SearchRecord,
    SearchState,
    Trial,
    TrialState,
)
from core.settings import is_id
from core.store import tables
from core.store.database import Database
from core.store.insertion import insert_runs, run_rows
from core.store.row_reader import fetch, read_rows
from core.store.search.rows import (
    SEARCHES,
    change_search,
    change_trial,
    last_number,
    needs_controller,
    one_search,
    one_trial,
    search_query,
    stop_runs,
    trials_of,
)
from core.store.search.searches import new_trial
from core.store.trainers import process_in

if TYPE_CHECKING:
    # For its type only: the supervisor imports this module and has no use for pydantic.
    from core.spec import Experiment


@dataclass(frozen=True)
class NewTrial:
    """A trial as its oracle proposed it."""

    key: str
    values: Mapping[str, Any]
    epochs: int = 0
    """The last epoch to train, from the first one; 0: all of the experiment's."""
    initial_epoch: int = 0
    continues: int | None = None
    """Number of the trial that it continues from its checkpoints."""


@dataclass(frozen=True)
class Verdict:
    """How a trial ended."""

    state: TrialState
    score: float | None = None
    best_epoch: int | None = None
    reason: str = ""
    is_best: bool = False
    """Better than every completed trial before it."""


class ControllerStore:
    """Reports of controllers. Those with a generation raise StaleController for an old one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def active_searches(self) -> list[SearchRecord]:
        """Searches that need a controller: they run, or some of their trials have not ended."""
        c = tables.search.c
        query = search_query().where(needs_controller())
        with self._database.read() as connection:
            return read_rows(connection, query.order_by(c.created_at, c.id), SEARCHES)

    def claim(self, search_id: str, generation: int) -> int | None:
        """The generation of a new controller in ``generation``'s place; None if it has one."""
        c = tables.search.c
        columns: dict[str, Any] = {"generation": generation + 1, "restarts": c.restarts + 1}
        columns |= {"pid": None, "pid_created_at": None}
        mine = (c.id == search_id) & (c.generation == generation)
        with self._database.write() as connection:
            found = read_rows(connection, search_query().where(mine), SEARCHES)
            if not found:
                return None
            columns |= _beat(found[0])
            changed = connection.execute(update(tables.search).where(mine).values(**columns))
        return generation + 1 if changed.rowcount == 1 else None

    def attach(self, search_id: str, generation: int, *, pid: int, pid_created_at: float) -> None:
        """Store which process the controller is."""
        columns = {"pid": pid, "pid_created_at": pid_created_at}
        with self._database.write() as connection:
            search = require_generation(connection, search_id, generation)
            _set(connection, search_id, columns | _beat(search))

    def heartbeat(self, search_id: str, generation: int) -> None:
        """Store a heartbeat. The revision does not change."""
        with self._database.write(visible=False) as connection:
            search = require_generation(connection, search_id, generation)
            _set(connection, search_id, _beat(search))

    def process_of(self, search_id: str) -> tuple[int, float] | None:
        """Process id and start time (seconds since 1970) of the last controller."""
        c = tables.search.c
        query = select(c.pid, c.pid_created_at).where(c.id == search_id)
        with self._database.read() as connection:
            rows = fetch(connection, query)
        return process_in(rows[0]) if rows else None

    def begin_trial(
        self, search_id: str, generation: int, new: NewTrial, experiment: Experiment
    ) -> Trial | None:
        """Store the oracle's trial and queue its runs, one per seed, in one transaction.

        None when the search does not run any more, or another trial already has these values.
        """
        with self._database.write() as connection:
            search = require_generation(connection, search_id, generation)
            if search.state is not SearchState.RUNNING or _is_tried(connection, search_id, new):
                return None
            number = last_number(connection, search_id) + 1
            row = new_trial(search_id, number, new.key, new.values, ORACLE) | {
                "initial_epoch": new.initial_epoch,
                "continues": new.continues,
                "epochs": new.epochs or experiment.total_epochs,
            }
            connection.execute(insert(tables.trial).values(row))
            _queue_runs(connection, search, number, experiment)
            return one_trial(connection, search_id, number)

    def begin_enqueued(
        self, search_id: str, generation: int, number: int, key: str, experiment: Experiment
    ) -> Trial | None:
        """Queue the runs of a trial that a person enqueued; None when it no longer waits."""
        with self._database.write() as connection:
            search = require_generation(connection, search_id, generation)
            trial = one_trial(connection, search_id, number)
            if search.state is not SearchState.RUNNING or trial.state is not TrialState.QUEUED:
                return None
            columns = {"key": key, "epochs": experiment.total_epochs}
            change_trial(connection, search_id, number, columns)
            _queue_runs(connection, search, number, experiment)
            return one_trial(connection, search_id, number)

    def refuse_trial(
        self, search_id: str, generation: int, new: NewTrial, reason: str, *, max_failures: int
    ) -> SearchRecord:
        """Store the oracle's trial as failed: its values make no valid experiment."""
        with self._database.write() as connection:
            search = require_generation(connection, search_id, generation)
            number = last_number(connection, search_id) + 1
            row = new_trial(search_id, number, new.key, new.values, ORACLE)
            connection.execute(insert(tables.trial).values(row | {"epochs": new.epochs}))
            verdict = Verdict(TrialState.FAILED, reason=reason)
            return _end(connection, search, number, verdict, max_failures)

    def stop_trial_runs(
        self, search_id: str, generation: int, number: int, verdict: TrialState, reason: str
    ) -> None:
        """Stop a trial's runs and store how it will end; the first verdict stays."""
        with self._database.write() as connection:
            require_generation(connection, search_id, generation)
            trial = one_trial(connection, search_id, number)
            if trial.state is not TrialState.RUNNING or trial.verdict is not None:
                return
            stop_runs(connection, trial.run_ids, reason)
            change_trial(connection, search_id, number, {"verdict": verdict, "reason": reason})

    def end_trial(
        self,
        search_id: str,
        generation: int,
        number: int,
        verdict: Verdict,
        *,
        max_failures: int,
    ) -> SearchRecord:
        """Store a trial's end. After ``max_failures`` failed ones in a row the search is paused."""
        with self._database.write() as connection:
            search = require_generation(connection, search_id, generation)
            if one_trial(connection, search_id, number).state.is_ended:
                return search
            return _end(connection, search, number, verdict, max_failures)

    def finish(self, search_id: str, generation: int, reason: str) -> bool:
        """Finish a search. False while trials wait or run, and when the search does not run."""
        with self._database.write() as connection:
            search = require_generation(connection, search_id, generation)
            waiting = any(not t.state.is_ended for t in trials_of(connection, search_id))
            if search.state is not SearchState.RUNNING or waiting:
                return False
            change_search(connection, search, SearchState.FINISHED, reason)
            return True

    def fail(self, search_id: str, generation: int, reason: str) -> None:
        """Mark a search as failed. Its runs continue; their scores count when it is resumed."""
        with self._database.write() as connection:
            search = require_generation(connection, search_id, generation)
            if SearchState.FAILED in SEARCH_TRANSITIONS[search.state]:
                change_search(connection, search, SearchState.FAILED, reason)


def require_generation(connection: Connection, search_id: str, generation: int) -> SearchRecord:
    """The search. Raises StaleController when this controller does not own it."""
    c = tables.search.c
    query = select(c.generation).where(c.id == search_id).with_for_update()
    rows = fetch(connection, query)
    found = rows[0]["generation"] if rows else None
    if found != generation:
        was = "was deleted" if found is None else f"has controller {found}"
        raise StaleController(f"Search {search_id} {was}. Controller {generation} must end.")
    return one_search(connection, search_id)


def _beat(search: SearchRecord) -> dict[str, Any]:
    """Columns of a heartbeat. Hours without one do not count as time spent."""
    now = datetime.now(UTC)
    away = timedelta(seconds=search.seconds_away(now))
    return {"heartbeat_at": now} | ({"started_at": search.started_at + away} if away else {})


def _queue_runs(
    connection: Connection, search: SearchRecord, number: int, experiment: Experiment
) -> None:
    trial = one_trial(connection, search.id, number)
    before = _runs_by_seed(connection, search.id, trial.continues)
    # Shortened, so that the number fits into a run's name.
    named = experiment.model_copy(update={"name": f"{search.name[:100]} {number}"})
    rows = [
        row | {"epochs": trial.epochs, "continues_run": before.get(row["seed"])}
        for row in run_rows(named, search_id=search.id, trial_number=number, promoted=False)
    ]
    insert_runs(connection, rows)
    columns = {"state": TrialState.RUNNING, "num_runs": len(rows)}
    change_trial(connection, search.id, number, columns | {"started_at": datetime.now(UTC)})
    _set(connection, search.id, {"restarts": 0})


def _runs_by_seed(connection: Connection, search_id: str, number: int | None) -> dict[int, str]:
    """The run per seed of the trial that is continued; empty when it continues none."""
    run = tables.run.c
    query = select(run.seed, run.id).where(run.search_id == search_id, run.promoted.is_(False))
    rows = fetch(connection, query.where(run.trial_number == number))
    return {row["seed"]: row["id"] for row in rows if is_id(row["id"])}


def _is_tried(connection: Connection, search_id: str, new: NewTrial) -> bool:
    if new.continues is not None:
        return False
    c = tables.trial.c
    # Trials by hand that ended before they began do not count: see Trial.came_to_nothing.
    tried = or_(c.origin == ORACLE, c.finished_at.is_(None), c.started_at.is_not(None))
    query = select(c["values"]).where(c.search_id == search_id, tried)
    return any(row["values"] == dict(new.values) for row in fetch(connection, query))


def _end(
    connection: Connection,
    search: SearchRecord,
    number: int,
    verdict: Verdict,
    max_failures: int,
) -> SearchRecord:
    order = tables.trial.c.told_order
    columns = {
        "state": verdict.state,
        "score": verdict.score,
        "best_epoch": verdict.best_epoch,
        "reason": verdict.reason,
        "finished_at": datetime.now(UTC),
        "told_order": last_number(connection, search.id, order) + 1,
    }
    change_trial(connection, search.id, number, columns)
    failures = _failures(search, verdict.state)
    changes: dict[str, Any] = {"restarts": 0, "failures": failures}
    if verdict.is_best:
        changes |= {"best_number": number, "best_score": verdict.score}
    _set(connection, search.id, changes)
    if failures >= max_failures and search.state is SearchState.RUNNING:
        sentence = f"{failures} trials failed in a row, the last one ({number}): {verdict.reason}"
        change_search(connection, search, SearchState.PAUSED, sentence)
    return one_search(connection, search.id)


def _failures(search: SearchRecord, state: TrialState) -> int:
    if state is TrialState.FAILED:
        return search.failures + 1
    # A trial that a person stopped neither failed nor succeeded.
    return search.failures if state is TrialState.STOPPED else 0


def _set(connection: Connection, search_id: str, columns: Mapping[str, Any]) -> None:
    where = tables.search.c.id == search_id
    connection.execute(update(tables.search).where(where).values(**columns))
