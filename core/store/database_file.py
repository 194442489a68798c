"""The file of a SQLite database, watched: it may be deleted, replaced or cut while it is open.

SQLite itself notices none of this: it works on a deleted file until its last connection is closed,
and creates an empty one when it opens the next. So every transaction compares the file with the one
that was opened: two calls of ``stat``, a few microseconds.

Nothing here opens the database's file by itself. Closing any descriptor of a file drops all POSIX
locks that the process holds on it, SQLite's among them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import URL

from core.errors import StoreCode, StoreGone

HEADER_BYTES = 100
"""The least that a SQLite database has."""
VERIFY_EVERY_S = 0.2
"""A file that was written to has its header verified, and no more often than this."""
CHECKPOINT_S = 0.2
"""A checkpoint writes the header first, and the pages that it counts within so long."""
_LOOK_EVERY_S = 0.02

REPAIR = (
    "Put the file back, or make a new database from the runs' folders: convscope store rebuild."
)


@dataclass(frozen=True)
class FileIdentity:
    """Identifies a file behind its name."""

    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileIdentity | None:
        """The identity of a file; None where there is none."""
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(found.st_dev, found.st_ino)


class DatabaseFile:
    """One database's file and its journal. Threads may share it.

    ``verify`` raises StoreGone for a wrong header. ``is_whole`` says whether the file has all the
    pages that its header counts.
    """

    def __init__(
        self, path: Path, verify: Callable[[], None], is_whole: Callable[[], bool]
    ) -> None:
        self.path = path
        # SQLite follows links before it names the journal.
        self._journal = Path(f"{os.path.realpath(path)}-wal")
        self._verify = verify
        self._is_whole = is_whole
        # A size that another thread read earlier must not be compared with one noted later.
        self._lock = threading.Lock()
        self._is_journal_lost = False
        self._identity: FileIdentity | None = None
        self._opened_journal: FileIdentity | None = None
        self._size = 0
        self._modified_ns = 0
        self._verify_at = 0.0

    @property
    def is_known(self) -> bool:
        """Whether it was opened before: from then on nothing may create it."""
        return self._identity is not None

    @property
    def existing_address(self) -> str:
        """The address under which SQLite opens the file and never creates it."""
        return f"{Path(os.path.abspath(self.path)).as_uri()}?mode=rw"  # noqa: PTH100 - keeps links

    def check(self) -> None:
        """Raise StoreGone unless this is the file that was opened; the first call notes it.

        A lost journal is raised by every call from then on, until ``forget_lost_journal``.
        """
        if self._is_journal_lost:
            raise self._journal_missing()
        with self._lock:
            modified_ns = self._compare()
        if modified_ns != self._modified_ns and time.monotonic() >= self._verify_at:
            self._verify()
            # Noted last: a wrong header is verified at every transaction until it is right.
            self._verify_at = time.monotonic() + VERIFY_EVERY_S
            self._modified_ns = modified_ns

    def _compare(self) -> int:
        """When the file was changed, in nanoseconds. Raises StoreGone for another or a cut one."""
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise self._missing() from error
        except OSError:
            # A folder that may not be read for the moment: SQLite's own error says more.
            return self._modified_ns
        identity = FileIdentity(found.st_dev, found.st_ino)
        if self._identity is None:
            self._identity, self._modified_ns = identity, found.st_mtime_ns
        elif identity != self._identity:
            raise self._replaced()
        elif found.st_size < self._size and self._is_cut(found.st_size):
            raise self._cut(found.st_size)
        self._size = found.st_size
        return found.st_mtime_ns

    def journal(self) -> FileIdentity | None:
        """The write-ahead log that a connection has open now; None without one."""
        self._opened_journal = FileIdentity.of(self._journal)
        return self._opened_journal

    def check_journal(self, opened: FileIdentity) -> None:
        """Raise StoreGone unless the journal is the one that a connection has ``opened``.

        As long as one connection is open nobody may remove it, so that another one, or none,
        means that connections no longer see each other's changes.
        """
        try:
            found = self._journal.stat()
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError:
            return  # a folder that may not be read for the moment
        else:
            if FileIdentity(found.st_dev, found.st_ino) == opened:
                return
        self.check()  # the whole folder may be gone, and may come back
        self._is_journal_lost = True
        raise self._journal_missing()

    def forget_lost_journal(self) -> None:
        """Let the next connection begin a new journal, once all of the old one are closed."""
        self._is_journal_lost = False

    def _is_cut(self, size: int) -> bool:
        """Whether a file that has shrunk lacks pages. A VACUUM of another program shrinks it, too.

        Blocks for ``CHECKPOINT_S`` where pages are missing: they may be on their way.
        """
        if size < HEADER_BYTES:
            return True
        # Without a write-ahead log a transaction that is rolled back may have grown the file.
        if not self._journal.exists():
            return False
        until = time.monotonic() + CHECKPOINT_S
        while not self._is_whole():
            if time.monotonic() >= until:
                return True
            time.sleep(_LOOK_EVERY_S)
        return False

    def _journal_missing(self) -> StoreGone:
        return StoreGone(
            StoreCode.JOURNAL_MISSING,
            f"The journal {self._journal} was deleted while the lab was working, and the last "
            "changes with it. Nothing more is written to the database. End everything that "
            "works on this lab (its page, notebooks, convscope worker --stop) and start again.",
        )

    def _missing(self) -> StoreGone:
        return StoreGone(
            StoreCode.MISSING,
            f"The database {self.path} is gone: it was deleted or moved. Nothing more is written. "
            f"{REPAIR}",
        )

    def _replaced(self) -> StoreGone:
        journal = self._opened_journal
        if journal is not None and FileIdentity.of(self._journal) == journal:
            # SQLite would write the old file's last changes into the new one.
            return StoreGone(
                StoreCode.JOURNAL_FOREIGN,
                f"The database {self.path} was replaced by another file while the lab was working, "
                f"and the journal {self._journal} of the old one is still there. Nothing more is "
                "written. End everything that works on this lab (its page, notebooks, convscope "
                f"worker --stop), delete {self._journal.name} and {self.path.name}-shm, and start "
                "again.",
            )
        return StoreGone(
            StoreCode.REPLACED,
            f"The database {self.path} was replaced by another file while the lab was working. "
            "Nothing more is written by what had opened the old one. Start it again to use the "
            "new one, or put the old one back.",
        )

    def _cut(self, size: int) -> StoreGone:
        return StoreGone(
            StoreCode.DAMAGED,
            f"The database {self.path} was truncated: it has {size} bytes and had {self._size}. "
            f"Nothing more is written. {REPAIR}",
        )


def path_of(url: URL) -> Path | None:
    """The file that a SQLite address names; None for a database in memory."""
    database = url.database or ""
    if is_uri(url):
        parts = urlsplit(database)
        database = "" if url.query.get("mode") == "memory" else unquote(parts.path)
    if database in {"", ":memory:"}:
        return None
    return Path(os.path.abspath(database))  # noqa: PTH100 - resolve() would follow links


def is_uri(url: URL) -> bool:
    """Whether the address holds one of SQLite's own, ``file:...``, with its own options."""
    return str(url.query.get("uri", "")).lower() in {"true", "1", "yes", "on", "t", "y"}
