"""The end of a log file, read backwards so that its size does not matter."""

from __future__ import annotations

import os
from pathlib import Path

_MAX_BYTES = 1_000_000


def tail(path: Path, num_lines: int) -> str:
    """The last lines of a text file, at most 1 MB of them; empty when there is no file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _MAX_BYTES))
            content = file.read()
    except FileNotFoundError:
        return ""
    lines = content.decode("utf-8", errors="replace").splitlines()
    return "\n".join(lines[-num_lines:] if num_lines > 0 else [])
