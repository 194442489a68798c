"""Results folders that this user has opened: work that another one brings along is held.

A lab is known by its path and by the random identity of its database, in this user's configuration
folder. One that is opened while nothing waits in it is known from then on. One that comes with
runs or searches to start, made by somebody else or moved here, starts nothing before it is
released.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Text, delete, func, insert, select, type_coerce

from core import decisions
from core.errors import DecisionsError
from core.settings import Settings
from core.store import tables
from core.store.database import Database
from core.store.folder_check import check_database_files, check_folder
from core.store.records import ACTIVE_STATES
from core.store.search_records import SearchState

FILE = "opened_labs.json"
_LAB_ID = "lab_id"
_WITH_LINKS = "with links"
"""Stands in the place of a lab's identity: links at this path were accepted."""
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


def check_place(settings: Settings) -> None:
    """Raise FolderRefused for links and special files where no lab was opened before.

    Call it before anything in the results folder is opened or written. A lab that was opened
    before costs a read of one small file.
    """
    entries = decisions.read(settings, FILE)
    if _place(settings, _WITH_LINKS) in entries:
        return
    check_database_files(settings)
    if not _is_known_place(settings, entries):
        check_folder(settings.results)


def check_lab(settings: Settings, database: Database) -> None:
    """The same for another lab at the path of a known one; `check_place` came before."""
    entries = decisions.read(settings, FILE)
    if _place(settings, _WITH_LINKS) in entries or not _is_known_place(settings, entries):
        return
    if _entry(settings, database) not in entries:
        check_folder(settings.results)


def accept_links(settings: Settings) -> None:
    """Open the lab at this path from now on although links lead out of it.

    Raises DecisionsError when that cannot be stored.
    """
    _note(settings, _place(settings, _WITH_LINKS))


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
    return _place(settings, lab_id(database))


def _place(settings: Settings, identity: str) -> list[Any]:
    return [str(settings.results.resolve()), identity]


def _is_known_place(settings: Settings, entries: Sequence[Any]) -> bool:
    path = str(settings.results.resolve())
    return any(isinstance(each, list) and each[:1] == [path] for each in entries)


def _note(settings: Settings, entry: list[Any]) -> None:
    decisions.change(
        settings, FILE, lambda before: [*before, *([] if entry in before else [entry])]
    )
