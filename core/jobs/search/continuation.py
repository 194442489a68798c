"""A run that goes on where another one ended: a later round of Hyperband.

It begins with a copy of the other run's checkpoints, so the optimiser, the schedule's position,
the patience of the rules and the whole history are those of a run that had never paused, and its
curve counts its epochs through from the first. The earlier run stays as it is.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from core.files import sync_file, sync_folder
from core.records.runs import Run
from core.settings import Settings
from core.store.store import Store

CHECKPOINTS = "checkpoints"


def take_over(settings: Settings, store: Store, run: Run) -> bool:
    """Copy the checkpoints of the run that this one continues; False when it continues none.

    Where they are gone (a tidied or deleted run) training starts anew, which from the same seed
    comes to the same; the run's events say so.
    """
    if run.continues_run is None:
        return False
    target = settings.run_folder(run.id) / CHECKPOINTS
    source = settings.run_folder(run.continues_run) / CHECKPOINTS
    if target.exists():
        return True  # an earlier attempt has done it
    if not source.exists():
        short = run.continues_run[:8]
        store.runs.note(run.id, f"the checkpoints of run {short} are gone: training starts anew")
        return True
    _copy(source, target)
    store.runs.note(run.id, f"goes on from run {run.continues_run[:8]}")
    return True


def _copy(source: Path, target: Path) -> None:
    # Whole or not at all: a trainer that is killed here leaves nothing that looks like one.
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    shutil.copytree(
        source,
        partial,
        symlinks=True,  # never what a link leads to
        ignore=shutil.ignore_patterns(".*"),
        dirs_exist_ok=True,
    )
    for file in partial.rglob("*"):
        if file.is_file() and not file.is_symlink():
            sync_file(file)
    partial.rename(target)
    sync_folder(target.parent)
