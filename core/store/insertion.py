"""New runs as rows: every one that ever stands in the queue is made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import Connection, func, insert, select

from core.errors import InvalidText
from core.records.runs import EventKind, RunState
from core.store import tables
from core.text import NAME, NOTES, TAG, check_text

if TYPE_CHECKING:
    # For its type only: the supervisor imports this module and has no use for pydantic.
    from core.spec import Experiment

MOST_TAGS = 50
_LAST_PLACE = 1e15
"""Above it two neighbours in the queue would be the same number."""


def run_rows(
    experiment: Experiment, preset: str | None = None, **columns: Any
) -> list[dict[str, Any]]:
    """A row for each seed, with ``columns`` of the caller's in each."""
    return [_new_row(experiment.for_seed(seed), preset) | columns for seed in experiment.seeds]


def insert_runs(
    connection: Connection, rows: Sequence[dict[str, Any]], tags: Iterable[str] = ()
) -> list[str]:
    """Put rows at the queue's end, in their order and as one group. Returns their ids."""
    start = last_place(connection) + 1
    shared = {"group_id": uuid4().hex, "created_at": datetime.now(UTC), "tags": clean_tags(tags)}
    placed: list[dict[str, Any]] = [
        shared | row | {"queue_position": start + i} for i, row in enumerate(rows)
    ]
    connection.execute(insert(tables.run), placed)
    connection.execute(insert(tables.run_event), [_queued_event(row) for row in placed])
    return [row["id"] for row in placed]


def last_place(connection: Connection) -> float:
    """The highest position of any run in the queue, 0 without one."""
    place = tables.run.c.queue_position
    # SQLite counts text as larger than every number.
    query = select(func.max(place)).where(place < _LAST_PLACE)
    return float(connection.execute(query).scalar() or 0.0)


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Stripped, each once, none empty. Raises InvalidText for one that cannot be kept."""
    stripped = [tag.strip() if isinstance(tag, str) else tag for tag in tags]
    found = list(dict.fromkeys(check_text("tags", tag, TAG) for tag in stripped if tag))
    if len(found) > MOST_TAGS:
        raise InvalidText("tags", f"Expected at most {MOST_TAGS} tags. Got {len(found):,}.")
    return found


def _new_row(experiment: Experiment, preset: str | None) -> dict[str, Any]:
    """A run's row but for what all runs of one launch share. Raises InvalidText."""
    name = experiment.name or preset or experiment.data.dataset
    return {
        "id": uuid4().hex,
        "name": check_text("name", name, NAME),
        "state": RunState.QUEUED,
        "attempt": 1,
        "preset": None if preset is None else check_text("preset", preset, NAME),
        "dataset": experiment.data.dataset,
        "seed": experiment.seed,
        "digest": experiment.digest,
        "config": experiment.to_dict(),
        "epochs": experiment.total_epochs,
        "epochs_done": 0,
        "auto_resumes": 0,
        "archived": False,
        "notes": check_text("notes", experiment.notes, NOTES),
    }


def _queued_event(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "run_id": row["id"],
        "at": row["created_at"],
        "attempt": 1,
        "before": None,
        "after": RunState.QUEUED,
        "kind": EventKind.SUBMITTED,
        "reason": "submitted",
    }
