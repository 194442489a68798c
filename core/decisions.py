"""What this user decided: lists in JSON files of the configuration folder, for this user alone.

They never lie in a results folder, which may come from somebody else.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.errors import DecisionsError
from core.files import write_file
from core.processes import exclusive_lock
from core.settings import Settings

_LOCK_TIMEOUT_S = 30.0
_log = logging.getLogger(__name__)


def read(settings: Settings, name: str) -> list[Any]:
    """The entries of the file of that name; empty when it is missing, damaged or unreadable."""
    file = settings.config / name
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    # A file of nothing but brackets ends in a RecursionError.
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s cannot be read and counts as empty: %s", file, error)
        return []
    if not isinstance(entries, list):
        _log.warning("%s is damaged and counts as empty: expected a list.", file)
        return []
    return entries


def change(settings: Settings, name: str, changed: Callable[[Sequence[Any]], list[Any]]) -> None:
    """Replace the entries by what ``changed`` makes of them. Processes take turns.

    Raises DecisionsError when the folder cannot be written to.
    """
    file = settings.config / name
    try:
        settings.config.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive_lock(file.with_suffix(".lock")).acquire(timeout=_LOCK_TIMEOUT_S):
            before = read(settings, name)
            after = changed(before)
            if after != before or not file.exists():
                write_file(file, lambda temporary: _write(temporary, after))
    except OSError as error:  # a lock's Timeout is one, too
        raise DecisionsError(
            f"{file} cannot be written ({error}). It holds what you decided about code and "
            "results folders. Make its folder writable, or set CONVSCOPE_CONFIG to another one."
        ) from error


def _write(path: Path, entries: Sequence[Any]) -> None:
    # An earlier process may have died with a file of other rights at this name.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=1)
