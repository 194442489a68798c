"""Bring a database to this code's schema: Alembic under a file lock, skipped when up to date."""

from __future__ import annotations

import logging
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from core.errors import StoreError
from core.store.database import Database, store_error

REVISIONS = ("0001", "0002")
"""Every migration, oldest first; the last is what this code works with."""

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_TIMEOUT_S = 60
_log = logging.getLogger(__name__)


def bring_up_to_date(database: Database, lock_file: Path) -> None:
    """Create or migrate the schema; a few milliseconds when there is nothing to do.

    Several processes may call it at once: one migrates, the others wait for it.
    Raises StoreError for a newer database, a foreign one, or none at all.
    """
    if _is_up_to_date(database):
        return
    try:
        with FileLock(lock_file, timeout=_LOCK_TIMEOUT_S, fallback_to_soft=False):
            if not _is_up_to_date(database):
                _migrate(database)
    except Timeout as error:
        raise StoreError(
            f"Another process has been migrating the database for {_LOCK_TIMEOUT_S} s. "
            "Wait for it, or end it, and try again."
        ) from error


def _is_up_to_date(database: Database) -> bool:
    found = _found_revision(database)
    if found is not None and found not in REVISIONS:
        raise StoreError(
            f"The database was written by a newer Convscope (schema {found!r}, this one knows "
            f"{REVISIONS[-1]!r}). Update Convscope, or use another CONVSCOPE_RESULTS."
        )
    return found == REVISIONS[-1]


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


def _migrate(database: Database) -> None:
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
    try:
        mode = raw.cursor().execute("PRAGMA journal_mode = WAL").fetchone()[0]
    finally:
        raw.close()
    if mode not in {"wal", "memory"}:
        _log.warning("The file system allows no WAL; the database uses %r and is slower.", mode)
