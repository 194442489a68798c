"""Results folders that this user has opened: work that another one brings along is held.

A lab is known by its path and by the random identity of its database, in this user's configuration
folder. One that is opened while nothing waits in it is known from then on. One that comes with
runs or searches to start, made by somebody else or moved here, starts nothing before it is
released.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Text, delete, func, insert, select, type_coerce

from core import decisions
from core.errors import DecisionsError
from core.settings import Settings
from core.store import tables
from core.store.database import Database
from core.store.records import ACTIVE_STATES
from core.store.search_records import SearchState

FILE = "opened_labs.json"
_LAB_ID = "lab_id"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HeldWork:
    """What would start in a lab that this user has not opened before."""

    num_runs: int
    """Queued, or left running by a trainer that may be gone."""
    num_searches: int

    def __str__(self) -> str:
        """``3 runs and 1 search``."""
        parts = [(self.num_runs, "run", "runs"), (self.num_searches, "search", "searches")]
        return " and ".join(f"{num} {one if num == 1 else many}" for num, one, many in parts if num)


def held_work(settings: Settings, database: Database) -> HeldWork | None:
    """What waits until it is released; None when nothing does.

    A lab without any work is noted as opened.
    """
    # In this order: a lab is noted before it is given work.
    work, entry = _work(database), _entry(settings, database)
    if entry in decisions.read(settings, FILE):
        return None
    if work is not None:
        return work
    try:
        _note(settings, entry)
    except DecisionsError as error:
        _log.warning("What is queued in %s will wait: %s", settings.results, error)
    return None


def release(settings: Settings, database: Database) -> None:
    """Let the work start, and all that this lab gets later.

    Raises DecisionsError when that cannot be stored.
    """
    _note(settings, _entry(settings, database))
    # The supervisor and pages look again when the revision has changed.
    with database.write():
        pass


def lab_id(database: Database) -> str:
    """The database's identity: 32 hex digits, random, given at its first opening."""
    with database.read() as connection:
        found = _stored_id(connection)
    if found is not None:
        return found
    with database.write(visible=False) as connection:
        found = _stored_id(connection)
        if found is None:
            found = uuid4().hex
            connection.execute(delete(tables.setting).where(tables.setting.c.name == _LAB_ID))
            connection.execute(insert(tables.setting).values(name=_LAB_ID, value=found))
    return found


def _stored_id(connection: Connection) -> str | None:
    # As text: whatever stands there instead of JSON must not stop anybody.
    value = type_coerce(tables.setting.c.value, Text)
    found = connection.execute(select(value).where(tables.setting.c.name == _LAB_ID)).scalar()
    match = re.fullmatch('"?([0-9a-f]{32})"?', found) if isinstance(found, str) else None
    return match[1] if match else None


def _work(database: Database) -> HeldWork | None:
    run, search = tables.run.c.state, tables.search.c.state
    runs = select(func.count()).where(run.in_(list(ACTIVE_STATES)))
    searches = select(func.count()).where(search == SearchState.RUNNING)
    with database.read() as connection:
        work = HeldWork(
            connection.execute(runs).scalar_one(), connection.execute(searches).scalar_one()
        )
    return work if work != HeldWork(0, 0) else None


def _entry(settings: Settings, database: Database) -> list[Any]:
    return [str(settings.results.resolve()), lab_id(database)]


def _note(settings: Settings, entry: list[Any]) -> None:
    decisions.change(
        settings, FILE, lambda before: [*before, *([] if entry in before else [entry])]
    )
