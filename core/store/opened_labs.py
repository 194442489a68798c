"""Results folders that this user has opened. Work in any other one is held.

A lab is known by its path and by the random identity of its database, in this user's configuration
folder. One that is opened while nothing waits in it is known from then on. One that comes with
runs or searches to start, made by somebody else or moved here, starts nothing before it is
released.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Text, delete, func, insert, select, type_coerce
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from core import decisions
from core.errors import DecisionsError
from core.records.runs import ACTIVE_STATES, HeldWork, HoldReason
from core.settings import Settings
from core.store import tables
from core.store.database import Database, sqlite_module
from core.store.database_file import path_of
from core.store.folder_check import check_database_files, check_folder
from core.store.row_reader import fetch
from core.store.search.rows import needs_controller

FILE = "opened_labs.json"
_LAB_ID = "lab_id"
_WITH_LINKS = "with links"
"""The start of the entry that replaces a lab's identity where links were accepted."""
_ID = re.compile('"?([0-9a-f]{32})"?')
_log = logging.getLogger(__name__)


def check_place(settings: Settings) -> None:
    """Raise FolderRefused for links and special files where no lab was opened before.

    Call it before anything in the results folder is opened or written. A lab that was opened
    before costs a read of one small file.
    """
    entries = decisions.read(settings, FILE)
    if _with_links(settings) in entries:
        return
    check_database_files(settings)
    if not _is_known_place(settings, entries):
        check_folder(settings.results)


def accept_links(settings: Settings) -> None:
    """Open this folder from now on although links lead out of it; another one of its name not.

    Raises DecisionsError when that cannot be stored.
    """
    _note(settings, _with_links(settings))


def held_work(settings: Settings, database: Database) -> HeldWork | None:
    """What waits until it is released; None when nothing does.

    A lab without any work is noted as opened.
    """
    # The work is read first: otherwise work added in between would be held.
    work, entry = _work(database), _entry(settings, database)
    if entry in decisions.read(settings, FILE):
        return None
    try:
        _note_or_hold(settings, entry, work)
    except DecisionsError as error:
        if work is not None:
            return replace(work, reason=HoldReason.NOT_STORABLE)
        _log.warning("Nothing can be queued in %s: %s", settings.results, error)
    return work


class Hold:
    """`held_work` of one open database, which is not read again once this user knows the lab."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self.database = settings, database
        self._is_known = False

    def work(self) -> HeldWork | None:
        """What waits until it is released; None when nothing does."""
        if self._is_known:
            return None
        work = held_work(self._settings, self.database)
        # Nothing waits either in a lab whose opening could not be noted.
        self._is_known = work is None and is_known(self._settings, self.database)
        return work


def is_known(settings: Settings, database: Database) -> bool:
    """Whether this user has opened or released the lab."""
    return _entry(settings, database) in decisions.read(settings, FILE)


def require_startable(settings: Settings, database: Database) -> None:
    """Raises DecisionsError where work that is added now could never be started or released."""
    work, entry = _work(database), _entry(settings, database)
    if entry not in decisions.read(settings, FILE):
        _note_or_hold(settings, entry, work)


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
    if database.lab_id is None:
        database.lab_id = _read_or_give_id(database)
    return database.lab_id


def _read_or_give_id(database: Database) -> str:
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
    # As text: a value that is no JSON must not raise an error.
    value = type_coerce(tables.setting.c.value, Text).label("value")
    rows = fetch(connection, select(value).where(tables.setting.c.name == _LAB_ID))
    found = rows[0]["value"] if rows else None
    match = _ID.fullmatch(found) if isinstance(found, str) else None
    return match[1] if match else None


def _work(database: Database) -> HeldWork | None:
    runs = select(func.count()).where(tables.run.c.state.in_(list(ACTIVE_STATES)))
    searches = select(func.count()).select_from(tables.search).where(needs_controller())
    with database.read() as connection:
        work = HeldWork(
            connection.execute(runs).scalar_one(), connection.execute(searches).scalar_one()
        )
    return work if work != HeldWork(0, 0) else None


def _entry(settings: Settings, database: Database) -> list[Any]:
    return _place(settings, lab_id(database))


def _place(settings: Settings, identity: str) -> list[Any]:
    return [str(settings.results.resolve()), identity]


def _with_links(settings: Settings) -> list[Any]:
    try:
        found = settings.results.stat()
    except OSError:
        return _place(settings, _WITH_LINKS)
    return _place(settings, f"{_WITH_LINKS} {found.st_dev}:{found.st_ino}")


def _is_known_place(settings: Settings, entries: Sequence[Any]) -> bool:
    """Whether the lab that is there now was opened at this path before. Changes nothing."""
    path = _place(settings, "")[0]
    known = [each[1] for each in entries if isinstance(each, list) and each[:1] == [path]]
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        return False
    file = path_of(url) if url.get_backend_name() == "sqlite" else None
    if file is None:
        return bool(known)  # a server's database: a copied folder does not contain it
    return bool(known) and _peeked_id(file) in known


def _peeked_id(file: Path) -> str | None:
    """The identity in a SQLite file, which is only read; None when there is none."""
    module = sqlite_module()
    query = "SELECT value FROM setting WHERE name = ?"
    # Immutable: no journal is read and none is made. At worst the folder is looked at again.
    address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        connection = module.connect(address, uri=True)
        try:
            row = connection.execute(query, (_LAB_ID,)).fetchone()
        finally:
            connection.close()
    except module.Error:
        return None
    match = _ID.fullmatch(row[0]) if row is not None and isinstance(row[0], str) else None
    return match[1] if match else None


def _note_or_hold(settings: Settings, entry: list[Any], work: HeldWork | None) -> None:
    """Raises DecisionsError where the lab could not be noted, now or at its release."""
    if work is None:
        _note(settings, entry)
    else:
        decisions.require_writable(settings, FILE)


def _note(settings: Settings, entry: list[Any]) -> None:
    decisions.change(
        settings, FILE, lambda before: [*before, *([] if entry in before else [entry])]
    )
