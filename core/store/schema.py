"""Bring a database to this code's schema: Alembic under a file lock, skipped when up to date."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from core.errors import StoreCode, StoreError, StoreGone
from core.processes import exclusive_lock
from core.settings import Settings, folders_named_by_id
from core.store import tables
from core.store.database import Database, sqlite_module, store_error
from core.store.database_file import HEADER_BYTES
from core.text import quote

REVISIONS = ("0001", "0002", "0003")
"""Every migration, oldest first; the last is what this code works with."""

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_TIMEOUT_S = 60
_SWITCH_TIMEOUT_S = 3
_TABLES = frozenset({*tables.metadata.tables, "alembic_version"})
_INDEXES = frozenset(
    str(index.name) for each in tables.metadata.tables.values() for index in each.indexes
)
_log = logging.getLogger(__name__)


def bring_up_to_date(database: Database, settings: Settings) -> None:
    """Create or migrate the schema; a few milliseconds when there is nothing to do.

    Several processes may call it at once: one migrates, the others wait for it.
    Raises StoreError for a newer database, one with anything in it that is not the lab's, or
    none at all, and StoreGone for one that is missing or empty beside the folders of runs.
    """
    _refuse_loss(database, settings)
    if _is_up_to_date(database):
        return
    with migration_lock(settings):
        _refuse_loss(database, settings)
        if not _is_up_to_date(database):
            create_schema(database)


@contextmanager
def migration_lock(settings: Settings) -> Iterator[None]:
    """Held by the one process that makes or migrates the database. Raises StoreError."""
    try:
        lock = exclusive_lock(settings.results / ".migration.lock")
    except OSError as error:
        raise StoreError(f"The database cannot be locked: {error}. Remove that entry.") from error
    try:
        with lock.acquire(timeout=_LOCK_TIMEOUT_S):
            yield
    except Timeout as error:
        raise StoreError(
            f"Another process has been migrating the database for {_LOCK_TIMEOUT_S} s. "
            "Wait for it, or end it, and try again."
        ) from error


def _refuse_loss(database: Database, settings: Settings) -> None:
    """Where runs have left folders there was a database: an empty one would hide them all."""
    if database.file is None or not any(folders_named_by_id(settings.runs)):
        return
    path = database.file.path
    try:
        if path.stat().st_size >= HEADER_BYTES:
            return
        code, state = StoreCode.DAMAGED, "is empty"
    except FileNotFoundError:
        code, state = StoreCode.MISSING, "is missing"
    except OSError:
        return  # SQLite's own error says more
    raise StoreGone(
        code,
        f"The database {path} {state}, and {settings.runs} holds runs. No new one is made beside "
        "them: put the file back, make it from their folders (convscope store rebuild), or choose "
        "another CONVSCOPE_RESULTS.",
    )


def _is_up_to_date(database: Database) -> bool:
    found = _found_revision(database)
    if found is not None and found not in REVISIONS:
        raise StoreError(
            f"The database was written by a newer Convscope (schema {found!r}, this one knows "
            f"{REVISIONS[-1]!r}). Update Convscope, or use another CONVSCOPE_RESULTS."
        )
    _refuse_foreign_objects(database)
    return found == REVISIONS[-1]


def _refuse_foreign_objects(database: Database) -> None:
    """A trigger or a view would change, or invent, what the lab itself never wrote."""
    if database.engine.dialect.name != "sqlite":
        return
    # A virtual table has no page of its own.
    query = text("SELECT type, name, type = 'table' AND rootpage = 0 FROM sqlite_master")
    with database.read() as connection:
        found = connection.execute(query).all()
    for kind, name, is_virtual in found:
        if is_virtual or not _is_the_labs(kind, name):
            raise StoreError(
                f"The database has a {'virtual ' if is_virtual else ''}{kind} {quote(name)} that "
                "Convscope never makes, so nothing in it is used. Remove it if you know where the "
                "database comes from, or use another CONVSCOPE_RESULTS."
            )


def _is_the_labs(kind: str, name: str) -> bool:
    # SQLite refuses such names to everybody else.
    if name.startswith("sqlite_"):
        return kind in {"table", "index"}
    return (kind == "table" and name in _TABLES) or (kind == "index" and name in _INDEXES)


def _found_revision(database: Database) -> str | None:
    """The schema's revision, None for an empty database."""
    with database.read() as connection:
        names = inspect(connection).get_table_names()
        if "alembic_version" in names:
            query = text("SELECT version_num FROM alembic_version")
            return connection.execute(query).scalar_one_or_none()
    if names:
        raise StoreError(
            f"The database belongs to another program: it has a table {names[0]!r} and no "
            "Convscope schema. Point CONVSCOPE_DATABASE_URL at another one."
        )
    return None


def create_schema(database: Database) -> None:
    """Bring an empty or older database to this code's schema; the caller holds the lock."""
    # Imported here: a process that finds an up-to-date database never pays for it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    if database.engine.dialect.name == "sqlite":
        _switch_to_wal(database)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with database.write(visible=False) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"The database could not be migrated: {error}") from error


def _switch_to_wal(database: Database) -> None:
    # Kept in the file, so once is enough; it needs the database to itself, hence the lock.
    try:
        raw = database.engine.raw_connection()
    except SQLAlchemyError as error:
        raise store_error(error) from error
    cursor = raw.cursor()
    try:
        # Who holds an empty database will not let go of it.
        cursor.execute(f"PRAGMA busy_timeout = {_SWITCH_TIMEOUT_S * 1000}")
        mode = cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    except sqlite_module().Error as error:
        raise StoreError(
            f"The new database cannot be set up ({error}): another process has its file open. "
            "End what works on this lab (its page, notebooks, convscope worker --stop)."
        ) from error
    finally:
        # Another connection has the usual time-out again.
        raw.invalidate()
    if mode not in {"wal", "memory"}:
        _log.warning("The file system allows no WAL; the database uses %r and is slower.", mode)
