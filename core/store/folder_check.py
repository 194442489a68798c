"""Links and special files in a results folder: they lead out of it, or block their readers.

The lab itself makes regular files and folders only. A link that somebody else put at a name that
the lab writes to would change a file elsewhere; opening a FIFO waits for ever.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from core.errors import FolderRefused
from core.settings import Settings
from core.store.database_file import path_of
from core.text import quote

_MOST_NAMED = 3
_ENTERED = ("runs", "searches")
"""Folders that the lab makes in a results folder."""
_COMPANIONS = ("", "-wal", "-shm", "-journal")


def check_folder(folder: Path) -> None:
    """Raise FolderRefused unless all below ``folder`` are regular files and folders.

    The folder itself may be a link. Opens no file; 10,000 files take some milliseconds.
    """
    _refuse(folder, list(islice(_foreign_entries(folder), _MOST_NAMED)))


def check_database_files(settings: Settings) -> None:
    """The same for a SQLite database in the results folder and the journals beside it."""
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        return  # the store's own error says more
    path = path_of(url) if url.get_backend_name() == "sqlite" else None
    if path is None or not path.is_relative_to(settings.results):
        return
    folders = [each for each in path.parents if settings.results in each.parents]
    files = [path.with_name(path.name + ending) for ending in _COMPANIONS]
    found = [each for each in folders if _is_foreign(each, stat.S_ISDIR)]
    found += [each for each in files if _is_foreign(each, stat.S_ISREG)]
    _refuse(settings.results, found[:_MOST_NAMED])


def _foreign_entries(top: Path) -> Iterator[Path]:
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    elif not entry.is_file(follow_symlinks=False) and _is_there(entry.path):
                        yield Path(entry.path)
        except FileNotFoundError:
            continue  # deleted just now, or not made yet
        except OSError:
            # What cannot be listed cannot be checked. Of the top SQLite's own error says more, and
            # beside the lab's own folders a volume may have one of the system's (lost+found).
            if folder != top and not (folder.parent == top and folder.name not in _ENTERED):
                yield folder


def _is_there(path: str) -> bool:
    """Whether it exists and is no regular file. Some file systems know that by `stat` only."""
    try:
        return not stat.S_ISREG(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False


def _is_foreign(path: Path, is_expected: Callable[[int], bool]) -> bool:
    try:
        return not is_expected(path.lstat().st_mode)
    except OSError:
        return False  # absent, or SQLite's own error says more


def _refuse(folder: Path, found: list[Path]) -> None:
    if not found:
        return
    names = ", ".join(quote(str(each.relative_to(folder))) for each in found)
    raise FolderRefused(
        f"The results folder {folder} holds what is neither a regular file nor a folder that can "
        f"be read: {names}. A link can lead out of the folder, so that nothing in it was "
        "opened. Remove all such entries or, if you made them yourself, accept them: "
        "convscope release --with-links."
    )
