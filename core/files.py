"""Files that appear whole or not at all, and survive a power cut once they are there."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

_OLD = ".old"
"""Suffix of a folder that is being replaced."""


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_regular(path: str, flags: int) -> int:
    """An ``opener`` for `open` that follows no link at the end of the path and never waits.

    Raises OSError for a link, a FIFO, a socket and a device.
    """
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags, 0o666)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "It is no regular file", path)


def write_file(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file of the same suffix, then put it in ``path``'s place.

    Makes the file's own folder, and none above it: one that was moved away meanwhile does not
    come back. Raises FileNotFoundError then.
    """
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
    # A link there would be followed.
    temporary.unlink(missing_ok=True)
    try:
        write(temporary)
        sync_file(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_folder(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary folder, then put it in ``path``'s place.

    Only one process may write to ``path`` at a time. After a crash ``path`` or a copy that
    ``recover_folder`` finds is whole. Makes the folder that holds it, and none above. Raises
    FileNotFoundError as `write_file` does.
    """
    path.parent.mkdir(exist_ok=True)
    temporary = _partial(path)
    if temporary.is_symlink() or not temporary.is_dir():
        temporary.unlink(missing_ok=True)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        write(temporary)
        replace_folder(path, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(path: Path, new: Path) -> None:
    """Rename the folder ``new`` to ``path``, in the place of the folder that may be there.

    Both have the same parent. Files are on disk before the rename. The old folder is renamed
    first and deleted last, so that one of the two is whole wherever this is interrupted.
    """
    recover_folder(path)
    for entry in new.rglob("*"):
        sync_folder(entry) if entry.is_dir() else sync_file(entry)
    sync_folder(new)
    if path.exists():
        path.rename(_set_aside(path))
    try:
        new.rename(path)
        sync_folder(path.parent)
    finally:
        recover_folder(path)


def recover_folder(path: Path) -> None:
    """Finish or undo a replacement of ``path`` that was interrupted; otherwise do nothing.

    For the one process that may write to ``path``: another one would undo a replacement
    that is still under way.
    """
    old = _set_aside(path)
    if not old.exists():
        return
    if path.exists():
        shutil.rmtree(old)
    else:
        old.rename(path)
        sync_folder(path.parent)


def recover_folders(parent: Path) -> None:
    """The same for every folder in ``parent``."""
    for old in parent.glob(f".*{_OLD}"):
        recover_folder(parent / old.name.removeprefix(".").removesuffix(_OLD))


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _set_aside(path: Path) -> Path:
    return path.with_name(f".{path.name}{_OLD}")


def sync_file(path: Path) -> None:
    """Wait until the file's content is on disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until the folder's entries are on disk, where the system can do that."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
