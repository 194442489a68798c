"""What this user decided: lists in JSON files of the configuration folder, for this user alone.

They never lie in a results folder, which may come from somebody else.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
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
    return _stored(settings.config / name) or []


def change(settings: Settings, name: str, changed: Callable[[Sequence[Any]], list[Any]]) -> None:
    """Replace the entries by what ``changed`` makes of them. Processes take turns.

    A damaged file is kept under another name. Raises DecisionsError when the folder cannot be
    written to.
    """
    file = settings.config / name
    with _locked(file):
        stored = _stored(file)
        before = stored or []
        after = changed(before)
        if after != before or not file.exists():
            if stored is None:
                _keep_damaged(file)
            write_file(file, lambda temporary: _write(temporary, after))


def require_writable(settings: Settings, name: str) -> None:
    """Raises DecisionsError where `change` could not write; the file stays as it is."""
    file = settings.config / name
    with _locked(file):
        # The lock's file may be there from before.
        if not os.access(file.parent, os.W_OK):
            raise PermissionError(f"no right to write to {file.parent}")


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive_lock(file.with_suffix(".lock")).acquire(timeout=_LOCK_TIMEOUT_S):
            yield
    except OSError as error:  # a lock's Timeout is one, too
        raise DecisionsError(
            f"{file} cannot be written ({error}). It holds what you decided about code and "
            "results folders. Make its folder writable, or set CONVSCOPE_CONFIG to another one."
        ) from error


def _stored(file: Path) -> list[Any] | None:
    """The entries; none where there is no file. None for a file that is damaged or unreadable."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return []
    # A file of nothing but brackets ends in a RecursionError.
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("%s cannot be read and counts as empty: %s", file, error)
        return None
    if not isinstance(entries, list):
        _log.warning("%s is damaged and counts as empty: expected a list.", file)
        return None
    return entries


def _keep_damaged(file: Path) -> None:
    first = file.with_name(f"{file.name}.damaged")
    numbered = (first.with_name(f"{first.name}-{number}") for number in count(2))
    kept = (
        first
        if not os.path.lexists(first)
        else next(each for each in numbered if not os.path.lexists(each))
    )
    file.rename(kept)
    _log.warning("%s is damaged. It is kept as %s, and a new list is written.", file, kept)


def _write(path: Path, entries: Sequence[Any]) -> None:
    # An earlier process may have died with a file of other rights at this name.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=1)
