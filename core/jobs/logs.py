"""Log files of a bounded size, to which several processes append."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, cast

from core.files import open_regular

MAX_BYTES = 8 * 2**20
KEPT_BYTES = 2**20


def bound(path: Path, *, max_bytes: int = MAX_BYTES, kept_bytes: int = KEPT_BYTES) -> None:
    """Cut a log that has grown over ``max_bytes`` down to its last ``kept_bytes``.

    The file keeps its inode, so processes that append continue at its new end. A line written
    during the cut is lost.
    """
    if not path.exists() or path.stat().st_size <= max_bytes:
        return
    with open(path, "rb+", opener=open_regular) as file:
        file.seek(-kept_bytes, os.SEEK_END)
        tail = file.read().split(b"\n", 1)[-1]
        file.seek(0)
        file.write(b"[earlier lines were dropped]\n" + tail)
        file.truncate()


def open_to_append(path: Path) -> BinaryIO:
    """Open a log, a new one where it is missing. Raises OSError for a link and a special file."""
    return cast(BinaryIO, open(path, "ab", opener=open_regular))


def tail(path: Path, num_lines: int = 200) -> str:
    """The last lines of a log; empty where it is missing. Reads at most ``KEPT_BYTES``."""
    try:
        with open(path, "rb", opener=open_regular) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - KEPT_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"[this log cannot be read: {error.strerror}]"
    return "\n".join(text.splitlines()[-num_lines:])
