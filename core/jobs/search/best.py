"""The best model of a search, copied from its run.

    searches/<id>/best.keras        the model, as plain Keras loads it
                  experiment.toml   its experiment, with the run's seed
                  best.json         trial, run and score, and the model's sha256

Each file is replaced as a whole. `best.json` is written last: its sha256 is that of its model.
"""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

from core.errors import ArtifactCorrupt
from core.files import sha256_of, write_file
from core.records.runs import Run
from core.settings import Settings
from core.spec import parse
from core.spec.files import experiment_to_toml
from core.store.artifact_files import file_below

MODEL, EXPERIMENT, ABOUT = "best.keras", "experiment.toml", "best.json"
_log = logging.getLogger(__name__)


def keep_best(settings: Settings, search_id: str, number: int, run: Run, score: float) -> None:
    """Replace the search's best model by a trial's. Doing it twice is harmless."""
    try:
        source = file_below(settings.run_folder(run.id), f"best/{MODEL}")
    except ArtifactCorrupt as error:
        _log.warning("The search's best model stays as it is. %s", error)
        return
    folder = settings.search_folder(search_id)
    if not source.exists():
        _log.warning("Run %s has no best model; the search's best one stays as it is.", run.id)
        return
    text = experiment_to_toml(parse(run.config))
    write_file(folder / MODEL, lambda path: _copy(source, path))
    write_file(folder / EXPERIMENT, lambda path: _write(path, text))
    about: dict[str, Any] = {"number": number, "run_id": run.id, "score": score}
    about["sha256"] = sha256_of(folder / MODEL)
    write_file(folder / ABOUT, lambda path: _write(path, json.dumps(about, indent=1)))


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
