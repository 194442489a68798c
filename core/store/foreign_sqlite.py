"""A warning for programs in which Python's own `sqlite3` opens the lab's database, too.

POSIX file locks belong to a process, and closing any descriptor of a file drops them all. One
SQLite library takes care of this among its own connections; two libraries in one process, Python's
and the lab's `pysqlite3`, do not know of each other. Importing both is harmless and common, so the
warning waits for a connection to the database's own file.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil
from sqlalchemy.engine import make_url

from core.store.database import sqlite_module
from core.store.database_file import path_of
from core.store.fork_guard import GUARD


class ForeignConnections:
    """The databases of one process whose files no other SQLite library should open."""

    def __init__(self) -> None:
        self._paths: set[Path] = set()
        self._warned: set[Path] = set()
        self._is_listening = False

    def watch(self, database_url: str) -> None:
        """Warn about connections of Python's own library to this database, also present ones.

        Call it before the lab opens the database. Nothing happens where the lab itself uses
        Python's library.
        """
        url = make_url(database_url)
        path = path_of(url) if url.get_backend_name() == "sqlite" else None
        if path is None or sqlite_module().__name__.startswith("sqlite3") or path in self._paths:
            return
        if not GUARD.knows(path) and _is_open_here(path):
            self._warn(path, stacklevel=3)
        self._paths.add(path)
        if not self._is_listening:
            # It cannot be taken away again, so that trainers, who call `id` a million times (an
            # audit event, too), never have it: only the Client's processes do.
            sys.addaudithook(self._hear)
            self._is_listening = True

    def _hear(self, event: str, arguments: Any) -> None:
        # pysqlite3 reports no such event: it is Python's own library that connects.
        if event != "sqlite3.connect" or not arguments:
            return
        for path in self._paths - self._warned:
            if _is_same(arguments[0], path):
                self._warn(path, stacklevel=3)

    def _warn(self, path: Path, stacklevel: int) -> None:
        self._warned.add(path)
        warnings.warn(
            f"Another SQLite library than the lab's, such as Python's sqlite3, has opened {path} "
            "in this process. Each loses its file locks when the other closes the file, and the "
            "database can be damaged. Use the Client here, or open the file in another process.",
            RuntimeWarning,
            stacklevel=stacklevel,
        )


def _is_open_here(path: Path) -> bool:
    opened: Iterable[Any]
    try:
        opened = psutil.Process().open_files()
    except (psutil.Error, OSError):
        return False  # the system does not say
    return any(_is_same(each.path, path) for each in opened)


def _is_same(database: Any, path: Path) -> bool:
    """Whether what was handed to ``sqlite3.connect`` is this file."""
    try:
        name = os.fsdecode(database)
        if name.startswith("file:"):
            name = unquote(urlsplit(name).path)
        return Path(name).samefile(path)
    except (OSError, TypeError, ValueError):
        return False  # in memory, or no file's name at all


FOREIGN_CONNECTIONS = ForeignConnections()
"""One for the process, whose locks they are."""
