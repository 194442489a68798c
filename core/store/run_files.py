"""What a run's folder says of its run: `run.json`, from which a lost database is made again.

Written when an attempt begins and when it has ended, with the history that there is then. What a
person changes later (name, tags, notes) is there from the next attempt on. Light: the supervisor
writes it for runs of older versions.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import RunNotFound, StoreError, StoreGone
from core.files import write_file
from core.records.runs import Metric, Run, RunState
from core.settings import Settings
from core.store.metrics import TEST
from core.store.store import Store

RUN_FILE = "run.json"
FORMAT = 1
KEPT = (
    "id",
    "name",
    "attempt",
    "preset",
    "config",
    "group_id",
    "epochs",
    "engine",
    "device",
    "created_at",
    "started_at",
    "finished_at",
    "archived",
    "tags",
    "notes",
    "search_id",
    "trial_number",
    "continues_run",
    "promoted",
)
"""The fields of a run's record that the file has under the same names, besides its state."""

_log = logging.getLogger(__name__)


def keep_run_file(store: Store, settings: Settings, run_id: str) -> None:
    """Write a run's file. Training goes on without it: what prevents it is a line in the log."""
    try:
        _keep(store, settings, run_id)
    except StoreGone as error:
        _log.warning("%s of run %s was not written: %s", RUN_FILE, run_id, error)


def _keep(store: Store, settings: Settings, run_id: str) -> None:
    """Raises StoreGone: then no other run's file can be written either."""
    folder = settings.run_folder(run_id)
    try:
        run, metrics = store.runs.get(run_id), store.metrics.list([run_id])
        if folder.is_dir():  # else the run was deleted just now
            write_file(folder / RUN_FILE, lambda path: _write(path, run, metrics))
    except StoreGone:
        raise
    except (OSError, RunNotFound, StoreError) as error:
        _log.warning("%s was not written: %s", folder / RUN_FILE, error)


def keep_missing_run_files(store: Store, settings: Settings, ended: threading.Event) -> None:
    """Write the files of ended runs that have a folder and no file: an older version's.

    Stops once ``ended`` is set, and when the database is gone.
    """
    try:
        _keep_missing(store, settings, ended)
    except StoreError as error:
        _log.warning("Runs of older versions got no %s: %s", RUN_FILE, error)


def _keep_missing(store: Store, settings: Settings, ended: threading.Event) -> None:
    for run in store.runs.list(states=[state for state in RunState if not state.is_active]):
        if ended.is_set():
            return
        folder = settings.run_folder(run.id)
        # A link leads out of a results folder that somebody else may have made.
        is_own = folder.is_dir() and not folder.is_symlink()
        if is_own and not (folder / RUN_FILE).exists():
            _keep(store, settings, run.id)


def _write(path: Path, run: Run, metrics: Iterable[Metric]) -> None:
    kept = {name: _plain(getattr(run, name)) for name in KEPT}
    content = {"format": FORMAT, "state": run.state, **kept, "history": _history(metrics)}
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _history(metrics: Iterable[Metric]) -> list[dict[str, Any]]:
    """An entry for each epoch, with Keras' names as in a checkpoint's state."""
    epochs: dict[int, dict[str, Any]] = {}
    for each in metrics:
        if each.split == TEST:
            continue
        entry = epochs.setdefault(
            each.epoch,
            {"epoch": each.epoch, "metrics": {}, "seconds": each.seconds, "images": each.images},
        )
        prefix = "val_" if each.split == "validation" else ""
        entry["metrics"][prefix + each.name] = each.value
    return [epochs[number] for number in sorted(epochs)]
