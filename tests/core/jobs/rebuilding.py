"""Ended runs with the files that a database is rebuilt from."""

from __future__ import annotations

import json
from typing import Any

from core.jobs.rebuild import Rebuilt, rebuild_database
from core.records.runs import Run, RunState
from core.settings import Settings
from core.store.run_files import RUN_FILE, keep_run_file
from core.store.store import Store
from tests.core.store.lives import epoch, queued
from tests.core.store.losses import deleted_with_its_journal


def ended_run(settings: Settings, store: Store, *, epochs: int = 3) -> Run:
    """A run of three epochs, some of them done, with the file that its trainer leaves."""
    (run,) = queued(store, epochs=3)
    claimed = store.runs.claim_next("cpu")
    assert claimed is not None
    for number in range(1, epochs + 1):
        store.metrics.save_epoch(
            run.id, 1, epoch(number, loss=1 / 3 / number, val_loss=float("nan"))
        )
    state = RunState.FINISHED if epochs == 3 else RunState.STOPPED
    if state is RunState.STOPPED:
        store.runs.request_stop(run.id)
    store.runs.end(run.id, 1, state, reason="for the test")
    settings.run_folder(run.id).mkdir(parents=True)
    keep_run_file(store, settings, run.id)
    return store.runs.get(run.id)


def change(settings: Settings, run: Run, **fields: Any) -> None:
    """Write something else into a run's file."""
    file = settings.run_folder(run.id) / RUN_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def rebuilt_of(settings: Settings, store: Store) -> Rebuilt:
    store.close()
    deleted_with_its_journal(settings)
    return rebuild_database(settings)
