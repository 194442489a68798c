"""A run that continues another one: a later round of Hyperband.

It begins with a copy of the other run's checkpoints. So the optimiser, the schedule's position, the
patience of the rules and the history are those of a run that never paused, and its curve begins at
the other run's first epoch. The other run does not change.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from core.files import sync_file, sync_folder
from core.records.runs import EventKind, Run
from core.settings import Settings
from core.store.store import Store

CHECKPOINTS = "checkpoints"


def take_over(settings: Settings, store: Store, run: Run) -> bool:
    """Copy the checkpoints of the run that this one continues; False when it continues none.

    Where they are gone (they or their run were deleted) training starts at the first epoch, which
    gives the same from the same seed; the run's events say so.
    """
    if run.continues_run is None:
        return False
    target = settings.run_folder(run.id) / CHECKPOINTS
    source = settings.run_folder(run.continues_run) / CHECKPOINTS
    if target.exists():
        return True  # an earlier attempt has done it
    if not source.exists():
        short = run.continues_run[:8]
        reason = f"the checkpoints of run {short} are gone: training starts at the first epoch"
        store.runs.note(run.id, reason, EventKind.CHECKPOINT_MISSING)
        return True
    _copy(source, target)
    store.runs.note(run.id, f"continues run {run.continues_run[:8]}", EventKind.CONTINUED)
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
