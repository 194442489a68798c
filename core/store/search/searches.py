"""Searches: add, find, pause, resume, end, enqueue trials, promote, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from core.errors import FieldError, InvalidExperiment, SearchNotFound, SearchStateError
from core.records.runs import ACTIVE_STATES, Run
from core.records.searches import MANUAL, ORACLE, SearchRecord, SearchState, Trial, TrialState
from core.settings import is_id
from core.store import tables
from core.store.database import Database
from core.store.insertion import insert_runs, run_rows
from core.store.row_reader import fetch, read_rows
from core.store.rows import RUNS
from core.store.search.rows import (
    SEARCHES,
    change_search,
    change_trial,
    last_number,
    one_search,
    one_trial,
    readable_search,
    search_query,
    stop_runs,
    trials_of,
)
from core.text import NAME, is_clean, quote, text_problem

if TYPE_CHECKING:
    # For its type only: the supervisor imports this module and has no use for pydantic.
    from core.spec import Experiment


class SearchStore:
    """Adds, finds, changes and deletes searches and their trials, on request of people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        name: str,
        config: Mapping[str, Any],
        budget: Mapping[str, Any],
        *,
        preset: str | None = None,
        base_run_id: str | None = None,
    ) -> SearchRecord:
        """Add a running search; the supervisor's next poll starts its controller.

        ``config`` and ``budget`` are the specs as plain JSON types. Raises InvalidExperiment
        at ``name`` when it is empty or taken.
        """
        now, search_id = datetime.now(UTC), uuid4().hex
        counters = dict.fromkeys(("generation", "failures", "restarts", "seconds_before"), 0)
        row = {
            "id": search_id,
            "state": SearchState.RUNNING,
            "reason": "",
            "config": dict(config),
            "budget": dict(budget),
            "preset": preset,
            "base_run_id": base_run_id,
            "created_at": now,
            "started_at": now,
        }
        with self._database.write() as connection:
            free = _free_name(connection, name, search_id)
            connection.execute(insert(tables.search).values(row | counters | {"name": free}))
            return one_search(connection, search_id)

    def get(self, reference: str) -> SearchRecord:
        """The search of that id, start of an id, or name. Raises SearchNotFound."""
        wanted, c = reference.strip(), tables.search.c
        if not is_clean(wanted):
            raise _no_such_search(reference)
        start = c.id.startswith(wanted.lower(), autoescape=True) if wanted else c.id == ""
        # A whole id comes first: another search's name may be the very same.
        order = (c.id == wanted.lower()).desc(), (c.name == wanted).desc()
        query = search_query().where(or_(c.name == wanted, start)).order_by(*order).limit(2)
        with self._database.read() as connection:
            rows = fetch(connection, query)
        if not rows:
            raise _no_such_search(reference)
        if len(rows) > 1 and wanted not in (rows[0]["name"], rows[0]["id"]):
            raise SearchNotFound(
                f"Several searches begin with {quote(reference)}. Give more of the id."
            )
        return readable_search(rows[0])

    def trials(self, search_id: str) -> list[Trial]:
        """A search's trials by number."""
        with self._database.read() as connection:
            return trials_of(connection, search_id)

    def trial(self, search_id: str, number: int) -> Trial:
        """One trial. Raises SearchNotFound."""
        with self._database.read() as connection:
            return one_trial(connection, search_id, number)

    def pause(self, search_id: str, reason: str = "Paused by hand.") -> SearchRecord:
        """Start no new trials; those that run continue. Raises SearchStateError unless it runs."""
        with self._database.write() as connection:
            search = one_search(connection, search_id)
            change_search(connection, search, SearchState.PAUSED, reason)
            return one_search(connection, search_id)

    def resume(self, search_id: str) -> SearchRecord:
        """Continue after a pause, a failure or an end; failures in a row count from 0 again."""
        with self._database.write() as connection:
            search = one_search(connection, search_id)
            if search.state is not SearchState.RUNNING:
                change_search(connection, search, SearchState.RUNNING, "")
            return one_search(connection, search_id)

    def end(self, search_id: str, reason: str = "Ended by hand.") -> SearchRecord:
        """Start no new trials, and stop those that run; they keep their curves."""
        with self._database.write() as connection:
            search = one_search(connection, search_id)
            if search.state is not SearchState.FINISHED:
                change_search(connection, search, SearchState.FINISHED, reason)
            for trial in trials_of(connection, search_id):
                if not trial.state.is_ended:
                    _stop(connection, trial, "The search was ended.")
            return one_search(connection, search_id)

    def set_budget(self, search_id: str, budget: Mapping[str, Any]) -> SearchRecord:
        """Change the budget; it applies to a running search at once."""
        with self._database.write() as connection:
            one_search(connection, search_id)
            _describe(connection, search_id, budget=dict(budget))
            return one_search(connection, search_id)

    def rename(self, search_id: str, name: str) -> SearchRecord:
        """Give it another name. Raises InvalidExperiment at ``name`` as `add` does."""
        with self._database.write() as connection:
            one_search(connection, search_id)
            _describe(connection, search_id, name=_free_name(connection, name, search_id))
            return one_search(connection, search_id)

    def enqueue_trial(self, search_id: str, values: Mapping[str, Any], *, epochs: int) -> Trial:
        """Add a trial with a person's own values; it runs before the oracle's next one.

        It does not count for the budget. An ended search continues for this trial alone: the rest
        of its budget is cut. In a paused search the trial waits. Raises SearchStateError when
        another trial already has these values.
        """
        with self._database.write() as connection:
            search = one_search(connection, search_id)
            trials = trials_of(connection, search_id)
            same = [
                trial.number
                for trial in trials
                if trial.values == dict(values) and not trial.came_to_nothing
            ]
            if same:
                raise SearchStateError(f"Trial {same[0]} already has these values.")
            number = last_number(connection, search_id) + 1
            row = new_trial(search_id, number, f"manual-{number}", values, MANUAL)
            connection.execute(insert(tables.trial).values(row | {"epochs": epochs}))
            if search.state is SearchState.FINISHED:
                _cut_budget(connection, search, sum(each.origin == ORACLE for each in trials))
            if search.state in {SearchState.FINISHED, SearchState.FAILED}:
                change_search(connection, search, SearchState.RUNNING, "")
            return one_trial(connection, search_id, number)

    def stop_trial(self, search_id: str, number: int, reason: str = "Stopped by hand.") -> Trial:
        """Stop a trial's runs; it keeps its curve. A second request does nothing."""
        with self._database.write() as connection:
            trial = one_trial(connection, search_id, number)
            if trial.state.is_ended:
                raise SearchStateError(f"Trial {number} is already {trial.state}.")
            _stop(connection, trial, reason)
            return one_trial(connection, search_id, number)

    def add_promoted(self, search_id: str, launches: Sequence[tuple[int, Experiment]]) -> list[Run]:
        """Queue retrainings of trials (number, experiment with its seeds): all or none."""
        rows = [
            row
            for number, experiment in launches
            for row in run_rows(experiment, search_id=search_id, trial_number=number, promoted=True)
        ]
        with self._database.write() as connection:
            for number, _ in launches:
                one_trial(connection, search_id, number)
            ids = insert_runs(connection, [{"continues_run": None} | row for row in rows])
        # By their ids: another process may promote trials at the same time.
        return [run for run in self.promoted_runs(search_id) if run.id in ids]

    def promoted_runs(self, search_id: str) -> list[Run]:
        """Runs that were promoted from a search's trials, oldest first."""
        c = tables.run.c
        query = select(tables.run).where(c.search_id == search_id, c.promoted)
        with self._database.read() as connection:
            return read_rows(connection, query.order_by(c.created_at, c.queue_position), RUNS)

    def delete(self, search_id: str) -> list[str]:
        """Delete a search, its trials and their runs; promoted runs stay as ordinary ones.

        Returns the ids of the deleted runs; the caller deletes folders. Raises SearchStateError
        while the search or one of its runs is active.
        """
        run = tables.run.c
        mine = and_(run.search_id == search_id, run.promoted.is_(False))
        with self._database.write() as connection:
            search = one_search(connection, search_id)
            _refuse_at_work(connection, search)
            ids = [row["id"] for row in fetch(connection, select(run.id).where(mine))]
            connection.execute(delete(tables.run).where(mine))
            free = {"search_id": None, "trial_number": None}
            connection.execute(update(tables.run).where(run.search_id == search_id).values(**free))
            connection.execute(delete(tables.search).where(tables.search.c.id == search_id))
        return [each for each in ids if is_id(each)]

    def list(self) -> list[SearchRecord]:
        """All searches, oldest first."""
        query = search_query().order_by(tables.search.c.created_at, tables.search.c.id)
        with self._database.read() as connection:
            return read_rows(connection, query, SEARCHES)


def new_trial(
    search_id: str, number: int, key: str, values: Mapping[str, Any], origin: str
) -> dict[str, Any]:
    """The row of a trial that waits; the caller changes it for one that starts."""
    return {
        "search_id": search_id,
        "number": number,
        "key": key,
        "state": TrialState.QUEUED,
        "values": dict(values),
        "initial_epoch": 0,
        "origin": origin,
        "reason": "",
        "num_runs": 0,
        "created_at": datetime.now(UTC),
    }


def _stop(connection: Connection, trial: Trial, reason: str) -> None:
    if trial.state is TrialState.RUNNING:
        columns: dict[str, Any] = {"verdict": TrialState.STOPPED, "reason": reason}
        stop_runs(connection, trial.run_ids, reason)
    else:
        columns = {"state": TrialState.STOPPED, "reason": reason, "finished_at": datetime.now(UTC)}
    change_trial(connection, trial.search_id, trial.number, columns)


def _cut_budget(connection: Connection, search: SearchRecord, num_proposed: int) -> None:
    most = search.budget.get("max_trials", num_proposed)
    cut = search.budget | {"max_trials": max(1, min(most, num_proposed))}
    _describe(connection, search.id, budget=cut)


def _no_such_search(reference: str) -> SearchNotFound:
    return SearchNotFound(
        f"No search has the name or id {quote(reference)}. See the list of searches."
    )


def _free_name(connection: Connection, name: str, search_id: str) -> str:
    free, c = name.strip(), tables.search.c
    problem = text_problem(free, NAME)
    if problem is not None:
        raise InvalidExperiment([FieldError("name", f"A search needs a name. {problem}")])
    query = select(func.count()).where(c.name == free, c.id != search_id)
    if connection.execute(query).scalar_one():
        sentence = f"There is a search of the name {quote(free)} already. Expected another name."
        raise InvalidExperiment([FieldError("name", sentence)])
    return free


def _refuse_at_work(connection: Connection, search: SearchRecord) -> None:
    run = tables.run.c
    states = run.state.in_(list(ACTIVE_STATES))
    query = select(func.count()).where(run.search_id == search.id, run.promoted.is_(False), states)
    if search.state is SearchState.RUNNING or connection.execute(query).scalar_one():
        raise SearchStateError(
            "The search or one of its runs is active. End it before you delete it."
        )


def _describe(connection: Connection, search_id: str, **columns: Any) -> None:
    where = tables.search.c.id == search_id
    connection.execute(update(tables.search).where(where).values(**columns))
