"""Evaluation on the test images: `python -m core.jobs.evaluate --run ID`, a process of its own.

It is done on request only, and the run's events record each request and its result.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.datasets import load
from core.errors import ConvscopeError, StoreError, StoreGone
from core.files import write_file
from core.jobs.exits import TrainerExit
from core.jobs.places import folder_gone
from core.jobs.reporter import describe_file
from core.processes import exclusive_lock
from core.records.runs import EventKind, Run
from core.settings import Settings
from core.spec import parse
from core.spec.training import Engine
from core.store.store import Store
from core.training.engine import select_engine
from core.training.evaluation import evaluate_test
from core.training.failures import failure_of

SCORES_NAME = "test_scores.json"
"""All scores, in the run's folder."""
CURVES = ("loss", "accuracy")
"""The scores that are stored as metrics, too."""
_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate one run's best model on the test images; 0 when the scores are stored."""
    parser = argparse.ArgumentParser(prog="core.jobs.evaluate")
    parser.add_argument("--run", required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    settings = Settings.from_environment()
    folder = settings.run_folder(options.run)
    try:
        # Before the store and the lock, which would make another folder.
        folder.stat()
        with Store.open(settings) as store:
            run = store.runs.get(options.run)
            # Two requests at once are evaluated one after the other.
            with exclusive_lock(folder / "test.lock"):
                return _evaluate(settings, store, run, folder)
    except (StoreError, OSError) as error:
        if not folder.is_dir():
            _log.error("%s", folder_gone(folder))
            return TrainerExit.FOLDER_GONE
        if isinstance(error, StoreGone):
            _log.error("%s", error)
            return TrainerExit.STORE_GONE
        raise


def _evaluate(settings: Settings, store: Store, run: Run, folder: Path) -> int:
    store.runs.note(run.id, "evaluation on the test set requested", EventKind.TEST_REQUESTED)
    try:
        # Before the data: fetching some imports Keras, which keeps the engine that it finds then.
        select_engine(Engine.AUTO)
        experiment = parse(run.config)
        dataset = load(experiment.data.dataset, settings)
        scores = evaluate_test(experiment, folder, dataset)
    # Also an engine's own errors: the person who requested it must read why there is no score.
    except Exception as error:  # noqa: BLE001
        folder.stat()  # raises where the folder was moved: then it is the reason
        _log.exception("The evaluation on the test set failed.")
        known = failure_of(error) or error
        is_ours = isinstance(known, ConvscopeError)
        cause = str(known) if is_ours else f"{type(known).__name__}: {known}"
        reason = f"evaluation on the test set failed: {cause}"[:500]
        store.runs.note(run.id, reason, EventKind.TEST_FAILED)
        return 1
    _store_scores(store, run, folder, scores)
    return 0


def _store_scores(store: Store, run: Run, folder: Path, scores: dict[str, Any]) -> None:
    epoch = int(scores["epoch"])
    file = folder / SCORES_NAME
    text = json.dumps(scores, indent=1)
    write_file(file, lambda path: _write(path, text))
    store.artifacts.save_for_test(describe_file(run.id, "test_scores", file, folder, epoch))
    store.metrics.save_test_metrics(run.id, epoch, {name: float(scores[name]) for name in CURVES})
    reason = f"test accuracy {scores['accuracy']:.4f} at epoch {epoch}"
    store.runs.note(run.id, reason, EventKind.TEST_EVALUATED)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
