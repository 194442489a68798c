"""Which folders of a results folder are those of runs: they are named by the runs' ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

RUN_ID = re.compile(r"[0-9a-f]{32}")


def run_folders(runs: Path) -> Iterator[Path]:
    """The folders of runs below ``runs``, links left out."""
    try:
        entries = sorted(runs.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for each in entries:
        if RUN_ID.fullmatch(each.name) and each.is_dir() and not each.is_symlink():
            yield each


def has_runs(runs: Path) -> bool:
    """Whether runs have left folders there."""
    return next(run_folders(runs), None) is not None
