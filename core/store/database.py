"""One engine over one database, short transactions, and the change counter.

SQLite runs in WAL with ``synchronous=FULL``; writes take the write lock at their first
statement (BEGIN IMMEDIATE), so that none has to be upgraded and refused half-way.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import orjson
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Integer,
    case,
    cast,
    create_engine,
    event,
    select,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import DatabaseLocked, DiskFull, StoreCode, StoreError, StoreGone
from core.store import tables
from core.store.database_file import REPAIR, DatabaseFile, is_uri, path_of
from core.store.fork_guard import GUARD
from core.store.tables import Broken
from core.text import quote, shorten

BUSY_TIMEOUT_S = 30
_WRITES = "convscope_writes"
_JOURNAL = "convscope_journal"
"""Under this name a pooled connection keeps the identity of the journal that it opened."""
_REFUSED = (DBAPIError, PoolTimeout, StatementError, UnicodeError, OverflowError)
"""What the driver raises. The last two: text that is not UTF-8, a number of over 64 bits."""
_CODES: dict[int | None, StoreCode] = {
    sqlite3.SQLITE_NOTADB: StoreCode.DAMAGED,
    sqlite3.SQLITE_CORRUPT: StoreCode.DAMAGED,
    sqlite3.SQLITE_FULL: StoreCode.DISK_FULL,
    sqlite3.SQLITE_BUSY: StoreCode.LOCKED,
    sqlite3.SQLITE_LOCKED: StoreCode.LOCKED,
    sqlite3.SQLITE_CANTOPEN: StoreCode.CANNOT_OPEN,
}
_LAST_REVISION = 2**53
_MOST_BRACKETS = 200
_DEEPEST = 60
"""Tables within tables; an experiment has nine."""
_log = logging.getLogger(__name__)


class Database:
    """An open database. Threads may share it; a forked child has connections of its own."""

    file: DatabaseFile | None
    """Its file, compared at every transaction; None for a database that is no SQLite file."""
    lab_id: str | None = None
    """Its identity, once `core.store.opened_labs.lab_id` has read it."""

    def __init__(self, database_url: str | URL, file: DatabaseFile | None = None) -> None:
        """``file``: that of another Database with the same address, where it has one."""
        self.engine = create_store_engine(database_url)
        self.file = file or _watched_file(self.engine)
        if self.file is not None:
            _compare_at_each_use(self.engine, self.file)
            GUARD.add(self.engine)
        self._writing = self.engine.execution_options(**{_WRITES: True})

    def close(self) -> None:
        """Give the connections back; the object can still be used afterwards."""
        self.engine.dispose()
        if self.file is not None:
            self.file.forget_lost_journal()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view of the database for the length of the block."""
        try:
            with GUARD.transaction(), self.engine.connect() as connection:
                yield connection
        except _REFUSED as error:
            raise store_error(error) from error

    @contextmanager
    def write(self, *, visible: bool = True) -> Iterator[Connection]:
        """One write transaction; it counts as a change unless nobody could see it."""
        try:
            with GUARD.transaction(), self._writing.begin() as connection:
                yield connection
                if visible:
                    _count_change(connection)
                if self.file is not None:  # it may have waited long for its lock
                    self.file.check()
        except _REFUSED as error:
            raise store_error(error) from error

    def revision(self) -> int:
        """A number that grows whenever anything a page shows has changed. One cheap query.

        It is a row that every visible write increments in its own transaction: unlike
        `PRAGMA data_version` it means the same to every connection, and unlike the highest
        row id it also sees updates and deletions. Heartbeats alone leave it as it is.
        """
        query = select(cast(tables.revision.c.value, Integer))
        with self.read() as connection:
            return int(connection.execute(query).scalar() or 0)


def create_store_engine(database_url: str | URL) -> Engine:
    """An engine for any SQLAlchemy URL. Raises StoreError for one that cannot be used."""
    try:
        url = make_url(database_url)
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True)
        if url.database in {None, "", ":memory:"}:
            raise StoreError(
                "CONVSCOPE_DATABASE_URL is a database in memory, which no trainer could see. "
                "Expected for instance sqlite:////path/to/convscope.sqlite."
            )
        # A table of thousands of runs is mostly JSON: orjson reads it four times as fast.
        engine = create_engine(
            url, module=sqlite_module(), json_deserializer=_from_json, json_serializer=_to_json
        )
    # A port that is no number is a plain ValueError.
    except (ArgumentError, ImportError, ValueError) as error:
        raise StoreError(
            f"CONVSCOPE_DATABASE_URL is no usable database address: {shorten(str(error), 200)}. "
            "Expected for instance sqlite:////path/to/convscope.sqlite."
        ) from error
    event.listen(engine, "connect", _prepare_sqlite_connection)
    event.listen(engine, "begin", _begin_sqlite_transaction)
    return engine


def sqlite_module() -> ModuleType:
    """`pysqlite3` where it is installed, else Python's own SQLite."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    return dbapi2  # type: ignore[no-any-return]


def warn_about_old_sqlite() -> None:
    """Say once, at a process' start, when only an SQLite with the WAL-reset bug is there."""
    version = sqlite_module().sqlite_version_info
    if (3, 7, 0) <= version <= (3, 51, 2):
        _log.warning(
            "SQLite %s can corrupt a database that several processes write to (its WAL-reset "
            "bug, gone in 3.51.3). Install pysqlite3, or a Python with a newer SQLite.",
            ".".join(map(str, version)),
        )


def result_code(error: BaseException) -> int | None:
    """SQLite's primary result code of an error; None for any that SQLite itself did not return.

    Both drivers have it since Python 3.11, also below an error of SQLAlchemy. None are errors of
    the driver (text that is not UTF-8), of SQLAlchemy's pool, and those of other databases.
    """
    cause = error.orig if isinstance(error, StatementError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    # The upper bits say more of the same, as in SQLITE_BUSY_SNAPSHOT.
    return None if code is None else code & 0xFF


def store_error(error: Exception) -> StoreError:
    """What SQLAlchemy or the database driver raised, as an error of the lab with its code."""
    cause = shorten(str(error.orig if isinstance(error, StatementError) else error), 300)
    code = _CODES.get(result_code(error), StoreCode.OTHER)
    if code is StoreCode.DAMAGED:
        return StoreGone(
            code,
            f"The database is damaged or is no SQLite database ({cause}). Nothing more is written. "
            f"{REPAIR}",
        )
    if code is StoreCode.DISK_FULL:
        return DiskFull(f"The disk that holds the database is full ({cause}). Free some space.")
    if code is StoreCode.LOCKED:
        return DatabaseLocked(
            f"The database stayed locked for {BUSY_TIMEOUT_S} s ({cause}). "
            "End the program that holds it open."
        )
    if code is StoreCode.CANNOT_OPEN:
        return StoreError(
            f"The database cannot be opened ({cause}). Expected a folder that exists and may be "
            "written to: see CONVSCOPE_RESULTS and CONVSCOPE_DATABASE_URL.",
            code,
        )
    return StoreError(f"The database refused: {cause}")


def _watched_file(engine: Engine) -> DatabaseFile | None:
    """The file of an engine's database; None for one that is no SQLite file."""
    path = path_of(engine.url) if engine.dialect.name == "sqlite" else None
    if path is None:
        return None
    return DatabaseFile(path, partial(_verify_header, path), partial(_is_whole, path))


def _compare_at_each_use(engine: Engine, file: DatabaseFile) -> None:
    """Have each use of a connection compare the file with the one that was opened."""

    def connect(_dialect: object, _entry: object, arguments: list[Any], options: Any) -> None:
        if file.is_known:
            file.check()
            if not is_uri(engine.url):
                # A file that is deleted in this moment must not come back as an empty one.
                arguments[:] = [file.existing_address]
                options["uri"] = True

    def take(_connection: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
        file.check()
        journal = entry.info.get(_JOURNAL)
        if journal is not None:
            file.check_journal(journal)

    def give_back(_connection: object, entry: ConnectionPoolEntry) -> None:
        if entry.info.get(_JOURNAL) is None:
            entry.info[_JOURNAL] = file.journal()

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", take)
    event.listen(engine, "checkin", give_back)


def _verify_header(path: Path) -> None:
    # A new connection reads the file's first page; one that is open may know it from before.
    module = sqlite_module()
    address = f"{path.as_uri()}?mode=rw"
    try:
        connection = module.connect(address, uri=True, timeout=BUSY_TIMEOUT_S)
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        finally:
            connection.close()
    except module.Error as error:
        raise store_error(error) from error


def _is_whole(path: Path) -> bool:
    """Whether the file has all the pages that the header in it counts, without its journal's."""
    module = sqlite_module()
    # Immutable: what is in the journal is not read. It takes no locks, so that none get lost.
    try:
        connection = module.connect(f"{path.as_uri()}?immutable=1", uri=True)
        try:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            bytes_each = connection.execute("PRAGMA page_size").fetchone()[0]
        finally:
            connection.close()
    except module.DatabaseError:
        return False  # SQLite compares them, too, and calls it malformed
    return path.stat().st_size >= int(pages) * int(bytes_each)


def _count_change(connection: Connection) -> None:
    value = tables.revision.c.value
    # Counted from 1 again where something else is stored there, which would never change.
    counted = case((value.between(0, _LAST_REVISION), value + 1), else_=1)
    connection.execute(update(tables.revision).values(value=counted))


def _to_json(value: Any) -> str:
    # As UTF-8 and strict: escaped surrogates and NaN could be written and never be read.
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode()
    return text


def _from_json(stored: Any) -> Any:
    """Plain data, or Broken for what is not JSON: it must not stop the rows after it."""
    if not isinstance(stored, str):
        # SQLite hands a JSON number over as a number.
        return stored if isinstance(stored, int | float) else Broken(quote(stored))
    try:
        value = orjson.loads(stored)
    except ValueError:
        return Broken(quote(stored))
    if stored.count("[") + stored.count("{") > _MOST_BRACKETS and _depth(value) > _DEEPEST:
        return Broken(quote(stored))
    return value


def _depth(value: Any) -> int:
    """How many tables and lists are within each other, without a call for each."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [
            part for each in level for part in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


def _prepare_sqlite_connection(connection: Any, _: object) -> None:
    # The driver's own transactions begin late and deferred; ours begin where we say so.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT_S * 1000)}")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # The schema may have been written by somebody else.
    cursor.execute("PRAGMA trusted_schema = OFF")
    cursor.close()


def _begin_sqlite_transaction(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
