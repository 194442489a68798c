"""A new database out of the runs' folders, for a lab whose database was lost.

    results/runs/<id>/run.json, checkpoints/, best/, litert/, test_scores.json  ->  database

The old files are moved aside and never deleted. What was in the database alone is lost: searches
and their trials, queued runs that never began, events, and what a person changed of a run since its
last attempt.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import Timeout
from sqlalchemy.engine import make_url

from core.errors import ArtifactCorrupt, DatabaseLocked, DiskFull, StoreError, StoreGone
from core.files import sync_file, sync_folder
from core.jobs.found_runs import read_run
from core.jobs.launch import LOCK_NAME, search_lock
from core.jobs.supervisor import supervisor_status
from core.processes import exclusive_lock, is_held
from core.settings import Settings, folders_named_by_id
from core.store.database_file import HEADER_BYTES, path_of
from core.store.opened_labs import check_place
from core.store.rebuild import RebuiltRun, add_rebuilt
from core.store.schema import create_schema, migration_lock
from core.store.store import Store

_COMPANIONS = ("", "-wal", "-shm", "-journal")
"""The endings of the files that SQLite has beside a database's own."""


@dataclass(frozen=True)
class Refused:
    """A run's folder of which no run could be made."""

    run_id: str
    reason: str


@dataclass(frozen=True)
class Rebuilt:
    """The result of a rebuild."""

    runs: tuple[RebuiltRun, ...]
    """Oldest first."""
    refused: tuple[Refused, ...]
    moved: tuple[Path, ...]
    """The old database's files where they are now."""
    num_searches: int
    """Searches that are lost; their best models stay in their folders."""


def rebuild_database(settings: Settings, *, force: bool = False) -> Rebuilt:
    """Make a new database from the runs' folders and put it in the old one's place.

    Raises StoreError while anything works on the lab, and for a database that is in order unless
    ``force``; nothing is changed then.
    """
    path = _file_of(settings)
    check_place(settings)
    if not settings.results.is_dir():
        raise StoreError(f"There is no results folder {settings.results}: nothing to rebuild.")
    try:
        return _rebuild(settings, path, force=force)
    except OSError as error:
        raise StoreError(
            f"The database could not be rebuilt ({error}). The runs' folders are as they were, and "
            f"the old database is {path} or has a name that begins so."
        ) from error


def _rebuild(settings: Settings, path: Path, *, force: bool) -> Rebuilt:
    with _nothing_at_work(settings), migration_lock(settings):
        if not force:
            _refuse_sound(path)
        runs, refused = _read_all(settings)
        fresh = path.with_name(f".{path.name}.rebuilt")
        try:
            added, not_added = _write(fresh, runs)
            moved = tuple(_move_aside(path))
            fresh.replace(path)
        finally:
            _remove(fresh)
        sync_folder(path.parent)
    return Rebuilt(added, (*refused, *not_added), moved, len(_searches(settings)))


def _file_of(settings: Settings) -> Path:
    url = make_url(settings.database_url)
    path = path_of(url) if url.get_backend_name() == "sqlite" else None
    if path is None:
        raise StoreError(
            "Only an SQLite database can be rebuilt. CONVSCOPE_DATABASE_URL names one of "
            f"{url.get_backend_name()}: restore it from its backup."
        )
    return path


@contextmanager
def _nothing_at_work(settings: Settings) -> Iterator[None]:
    """Keep supervisors away; StoreError when one, a trainer or a controller is active."""
    try:
        with exclusive_lock(settings.results / "supervisor.lock").acquire(timeout=1):
            _refuse_workers(settings)
            yield
    except Timeout as error:
        pid = supervisor_status(settings).pid
        raise StoreError(
            f"The job runner (process {pid}) is active here. End it first: convscope worker --stop."
        ) from error


def _refuse_workers(settings: Settings) -> None:
    for folder in folders_named_by_id(settings.runs):
        if _is_locked(folder / LOCK_NAME):
            raise StoreError(
                f"A trainer works on run {folder.name}. Wait for its end, or end its process."
            )
    for search_id in _searches(settings):
        if _is_locked(search_lock(settings, search_id)):
            raise StoreError(
                f"A controller works on search {search_id}. Wait for its end, or end its process."
            )


def _is_locked(lock: Path) -> bool:
    # Opening a lock follows links, and empties what it opens.
    return lock.is_file() and not lock.is_symlink() and is_held(lock)


def _searches(settings: Settings) -> list[str]:
    return [folder.name for folder in folders_named_by_id(settings.results / "searches")]


def _refuse_sound(path: Path) -> None:
    if path.exists() and path.stat().st_size >= HEADER_BYTES and _is_sound(path):
        raise StoreError(
            f"The database {path} is in order, so that it is not replaced. To make another one of "
            "the runs' folders all the same: convscope store rebuild --force."
        )


def _is_sound(path: Path) -> bool:
    """Whether SQLite finds tables and no damage. SQLite reads a copy: it removes or writes back the
    journal of what it opens, and nothing of a damaged database may be lost."""
    copy = path.with_name(f".{path.name}.checked")
    try:
        for ending in ("", "-wal"):
            source = path.with_name(path.name + ending)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + ending))
        with Store(_address(copy)) as store, store.database.read() as connection:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    except StoreGone:
        return False
    finally:
        _remove(copy)
    return verdict == "ok" and bool(tables)


def _read_all(settings: Settings) -> tuple[list[RebuiltRun], list[Refused]]:
    runs, refused = [], []
    for folder in folders_named_by_id(settings.runs):
        try:
            runs.append(read_run(folder))
        except ArtifactCorrupt as error:
            refused.append(Refused(folder.name, str(error)))
        except OSError as error:
            refused.append(Refused(folder.name, f"It cannot be read ({error})."))
    return sorted(runs, key=lambda each: (each.run.created_at, each.run.id)), refused


def _write(
    fresh: Path, runs: list[RebuiltRun]
) -> tuple[tuple[RebuiltRun, ...], tuple[Refused, ...]]:
    """The new database. Returns the runs that it has, and those that it could not take."""
    added, refused = [], []
    _remove(fresh)
    with Store(_address(fresh)) as store:
        create_schema(store.database)
        for place, each in enumerate(runs, start=1):
            try:
                add_rebuilt(store, each, float(place))
            except (DatabaseLocked, DiskFull, StoreGone):
                raise  # no run's fault
            except StoreError as error:
                refused.append(Refused(each.run.id, str(error)))
            else:
                added.append(each)
    sync_file(fresh)
    return tuple(added), tuple(refused)


def _move_aside(path: Path) -> Iterator[Path]:
    """Rename the old files, with the time in their names; SQLite still finds what belongs to it."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for ending in _COMPANIONS:
        old = path.with_name(path.name + ending)
        if old.exists():
            new = path.with_name(f"{path.name}.{now}{ending}")
            old.rename(new)
            yield new


def _address(path: Path) -> str:
    return make_url("sqlite://").set(database=str(path)).render_as_string()


def _remove(fresh: Path) -> None:
    for ending in _COMPANIONS:
        fresh.with_name(fresh.name + ending).unlink(missing_ok=True)
