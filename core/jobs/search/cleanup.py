"""Delete the models and checkpoints of a search's trials, except the best trial's."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.errors import SearchStateError
from core.records.runs import ACTIVE_STATES, RunState
from core.records.searches import SearchState, Trial
from core.settings import Settings
from core.store.artifact_files import is_there
from core.store.store import Store

FOLDERS = ("checkpoints", "best", "litert", "features")
"""Of a run's folder; its log stays, and so do its curves in the store."""


def tidy_search(settings: Settings, store: Store, search_id: str) -> int:
    """Delete the models and checkpoints of all trials but the best. Returns the bytes freed.

    Curves, scores and logs stay. Raises SearchStateError while the search runs: a later round
    of Hyperband would miss the checkpoints.
    """
    search = store.searches.get(search_id)
    trials = store.searches.trials(search.id)
    at_work = any(not trial.state.is_ended for trial in trials)
    if search.state is SearchState.RUNNING or at_work:
        raise SearchStateError("The search is running. Pause or end it to delete its checkpoints.")
    return sum(
        _tidy(settings, store, trial) for trial in trials if trial.number != search.best_number
    )


def _tidy(settings: Settings, store: Store, trial: Trial) -> int:
    # A run that a person resumed keeps what it needs.
    ended = frozenset(RunState) - ACTIVE_STATES
    return sum(
        _empty(store, run.id, settings.run_folder(run.id))
        for run in store.runs.list(ids=trial.run_ids, states=ended)
    )


def _empty(store: Store, run_id: str, folder: Path) -> int:
    freed = 0
    for path in (folder / name for name in FOLDERS):
        if path.exists():
            freed += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            shutil.rmtree(path)
    gone = [each.path for each in store.artifacts.list(run_id) if not is_there(folder, each.path)]
    store.artifacts.forget_paths(run_id, gone)
    return freed
