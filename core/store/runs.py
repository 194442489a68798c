"""Runs as people handle them: add, look up, order, name, delete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import delete, func, insert, select, update

from core.errors import RunNotFound, RunStateError
from core.store import tables
from core.store.database import Database
from core.store.records import Run, RunState
from core.store.rows import to_run

if TYPE_CHECKING:
    # For its type only: the supervisor imports this module and has no use for pydantic.
    from core.spec import Experiment


class Runs(Database):
    """Verbs on runs that leave their state alone."""

    def add_runs(
        self, experiment: Experiment, *, preset: str | None = None, tags: Iterable[str] = ()
    ) -> list[Run]:
        """Queue one run for each seed, at the end, in one transaction."""
        return self.add_together([(experiment, preset)], tags=tags)

    def add_together(
        self, launches: Sequence[tuple[Experiment, str | None]], *, tags: Iterable[str] = ()
    ) -> list[Run]:
        """The same for several experiments, each with its preset's name: all or none, one group."""
        shared = {
            "group_id": uuid4().hex,
            "created_at": datetime.now(UTC),
            "tags": _clean_tags(tags),
        }
        rows = [
            _new_row(experiment.for_seed(seed), preset) | shared
            for experiment, preset in launches
            for seed in experiment.seeds
        ]
        with self.write() as connection:
            last = connection.execute(select(func.max(tables.run.c.queue_position))).scalar()
            start = (last or 0.0) + 1
            rows = [row | {"queue_position": start + i} for i, row in enumerate(rows)]
            connection.execute(insert(tables.run), rows)
            connection.execute(insert(tables.run_event), [_queued_event(row) for row in rows])
        return self.runs(ids=[row["id"] for row in rows])

    def run(self, reference: str) -> Run:
        """The run with that id, or whose id alone begins so. Raises RunNotFound."""
        wanted = reference.strip().lower()
        if not re.fullmatch(r"[0-9a-f]{1,32}", wanted):
            raise RunNotFound(f"No run has the id {reference!r}. See the list of runs.")
        query = select(tables.run).where(tables.run.c.id.startswith(wanted)).limit(2)
        with self.read() as connection:
            rows = connection.execute(query).mappings().all()
        if not rows:
            raise RunNotFound(f"No run has the id {reference!r}. See the list of runs.")
        if len(rows) > 1:
            raise RunNotFound(f"Several runs begin with {reference!r}. Give more of the id.")
        return to_run(rows[0])

    def runs(
        self,
        *,
        ids: Sequence[str] | None = None,
        states: Iterable[RunState] | None = None,
        include_archived: bool = True,
    ) -> list[Run]:
        """Runs, oldest first, or in the order of ``ids``. Unknown ids raise RunNotFound."""
        query = select(tables.run).order_by(tables.run.c.created_at, tables.run.c.queue_position)
        if ids is not None:
            query = query.where(tables.run.c.id.in_(ids))
        if states is not None:
            query = query.where(tables.run.c.state.in_(list(states)))
        if not include_archived:
            query = query.where(tables.run.c.archived.is_(False))
        with self.read() as connection:
            found = [to_run(row) for row in connection.execute(query).mappings()]
        return found if ids is None else _in_order(found, ids, complete=states is None)

    def queue(self) -> list[Run]:
        """Queued runs in the order in which they will start."""
        query = (
            select(tables.run)
            .where(tables.run.c.state == RunState.QUEUED)
            .order_by(tables.run.c.queue_position, tables.run.c.id)
        )
        with self.read() as connection:
            return [to_run(row) for row in connection.execute(query).mappings()]

    def move_in_queue(self, run_id: str, to_index: int) -> None:
        """Put a queued run at a place (0 starts next). Raises RunStateError when not queued."""
        query = (
            select(tables.run.c.id, tables.run.c.queue_position)
            .where(tables.run.c.state == RunState.QUEUED)
            .order_by(tables.run.c.queue_position, tables.run.c.id)
        )
        with self.write() as connection:
            rows = connection.execute(query).all()
            order = [row.id for row in rows]
            if run_id not in order:
                raise RunStateError("The run is not in the queue any more.")
            order.remove(run_id)
            order.insert(max(0, to_index), run_id)
            # The same places, dealt out anew: runs outside the queue keep theirs.
            for place, each in zip([row.queue_position for row in rows], order, strict=True):
                where = tables.run.c.id == each
                connection.execute(update(tables.run).where(where).values(queue_position=place))

    def rename(self, run_id: str, name: str) -> None:
        """Call the run something else. An empty name is refused with RunStateError."""
        if not name.strip():
            raise RunStateError("A run needs a name. Got an empty one.")
        self._describe(run_id, name=name.strip()[:120])

    def set_tags(self, run_id: str, tags: Iterable[str]) -> None:
        """Replace the run's tags."""
        self._describe(run_id, tags=_clean_tags(tags))

    def set_notes(self, run_id: str, text: str) -> None:
        """Replace the run's notes."""
        self._describe(run_id, notes=text[:10_000])

    def archive(self, run_id: str, archived: bool = True) -> None:
        """Take the run out of the lists, or put it back."""
        self._describe(run_id, archived=archived)

    def delete(self, run_id: str) -> None:
        """Forget an ended run with all its rows. Its folder is for the caller to remove."""
        with self.write() as connection:
            state = connection.execute(
                select(tables.run.c.state).where(tables.run.c.id == run_id)
            ).scalar()
            if state is None:
                raise RunNotFound(f"No run has the id {run_id!r}. See the list of runs.")
            if RunState(state).is_active:
                raise RunStateError(f"The run is {state}. Stop it before it is deleted.")
            connection.execute(delete(tables.run).where(tables.run.c.id == run_id))

    def _describe(self, run_id: str, **columns: Any) -> None:
        with self.write() as connection:
            where = tables.run.c.id == run_id
            changed = connection.execute(update(tables.run).where(where).values(**columns))
            if changed.rowcount != 1:
                raise RunNotFound(f"No run has the id {run_id!r}. See the list of runs.")


def _in_order(found: list[Run], ids: Sequence[str], *, complete: bool) -> list[Run]:
    by_id = {run.id: run for run in found}
    missing = [each for each in ids if each not in by_id]
    if missing and complete:
        raise RunNotFound(f"No run has the id {missing[0]!r}. See the list of runs.")
    return [by_id[each] for each in ids if each in by_id]


def _clean_tags(tags: Iterable[str]) -> list[str]:
    stripped = (tag.strip()[:60] for tag in tags)
    return list(dict.fromkeys(tag for tag in stripped if tag))


def _new_row(experiment: Experiment, preset: str | None) -> dict[str, Any]:
    """A run's row but for what all runs of one launch share."""
    return {
        "id": uuid4().hex,
        "name": experiment.name or preset or experiment.data.dataset,
        "state": RunState.QUEUED,
        "attempt": 1,
        "preset": preset,
        "dataset": experiment.data.dataset,
        "seed": experiment.seed,
        "digest": experiment.digest,
        "config": experiment.to_dict(),
        "epochs": experiment.total_epochs,
        "epochs_done": 0,
        "auto_resumes": 0,
        "archived": False,
        "notes": experiment.notes,
    }


def _queued_event(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "run_id": row["id"],
        "at": row["created_at"],
        "attempt": 1,
        "before": None,
        "after": RunState.QUEUED,
        "reason": "submitted",
    }
