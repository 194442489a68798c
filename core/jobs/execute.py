"""The trainer: one process per attempt of a run, started by the supervisor.

`python -m core.jobs.execute --run ID --attempt N` trains, stores how the run ended, and holds the
run's lock meanwhile. Its exit codes are `TrainerExit`.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from core.datasets import DATASETS, load
from core.datasets.progress import PrepareProgress
from core.errors import StaleAttempt, StoreCode, StoreError, StoreGone
from core.jobs.devices import machine_fingerprint
from core.jobs.exits import TrainerExit
from core.jobs.launch import leave, trainer_lock
from core.jobs.places import Place, folder_gone
from core.jobs.reporter import StoreReporter, until_unlocked
from core.jobs.search.continuation import take_over
from core.jobs.work import flops_per_image
from core.models.summary import describe
from core.models.trust import trusted_sources
from core.processes import ProcessIdentity, exclusive_lock
from core.records.phases import Phase
from core.records.runs import Failure, Run, RunState
from core.settings import Settings
from core.spec import Experiment, parse
from core.store.database import warn_about_old_sqlite
from core.store.run_files import keep_run_file
from core.store.store import Store
from core.training.engine import select_engine
from core.training.failures import failure_of, is_no_space
from core.training.history import TrainingResult
from core.training.trainer import train

LOCK_TIMEOUT_S = 20.0
"""The last attempt's process may still be ending."""

TEMPORARY = "temporary"
"""The folder in a run's folder for files that its trainer needs only while it runs."""

_log = logging.getLogger(__name__)


class _FolderGone(Exception):
    """The run's folder was moved or deleted."""


class _StopWhilePreparing(Exception):
    """A stop was requested while the data set was being prepared."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train one attempt of one run; the exit code is a `TrainerExit`."""
    parser = argparse.ArgumentParser(prog="core.jobs.execute")
    parser.add_argument("--run", required=True)
    parser.add_argument("--attempt", required=True, type=int)
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    settings = Settings.from_environment()
    try:
        _execute_alone(settings, options.run, options.attempt)
    except StaleAttempt as error:
        _log.info("%s", error)
        return TrainerExit.STALE
    except _FolderGone:
        _log.error("%s", folder_gone(settings.run_folder(options.run)))
        return TrainerExit.FOLDER_GONE
    except Timeout:
        _log.error("The process of the last attempt still holds the run's lock.")
        return TrainerExit.LOCKED
    except StoreGone as error:
        _log.error("%s The run's checkpoints stay in its folder.", error)
        return TrainerExit.STORE_GONE
    except (StoreError, OSError) as error:
        _log.exception("The end of the run could not be stored.")
        code = error.code if isinstance(error, StoreError) else None
        is_full = code is StoreCode.DISK_FULL or is_no_space(error)
        return TrainerExit.DISK_FULL if is_full else TrainerExit.NOT_STORED
    return TrainerExit.VERDICT


def _execute_alone(settings: Settings, run_id: str, attempt: int) -> None:
    """Hold the run's lock meanwhile. Neither lock nor store is made where the folder is gone."""
    try:
        place = Place.of(settings.run_folder(run_id))
    except FileNotFoundError as error:
        raise _FolderGone from error
    with exclusive_lock(trainer_lock(settings, run_id)).acquire(timeout=LOCK_TIMEOUT_S):
        if not place.is_kept():
            raise _FolderGone
        with Store.open(settings) as store:
            warn_about_old_sqlite()
            execute(settings, store, run_id, attempt)
            keep_run_file(store, settings, run_id)


def execute(settings: Settings, store: Store, run_id: str, attempt: int) -> None:
    """Train and store how the run ended. Raises StaleAttempt, and StoreError when it cannot."""
    me = ProcessIdentity.of_this_process()
    place = Place.of(settings.run_folder(run_id))
    until_unlocked(
        lambda: store.trainers.attach(run_id, attempt, pid=me.pid, pid_created_at=me.created_at)
    )
    run = store.runs.get(run_id)
    keep_run_file(store, settings, run_id)
    try:
        with (
            own_temporary_files(settings.run_folder(run_id)),
            StoreReporter(store, run_id, attempt, settings.run_folder(run_id)) as reporter,
        ):
            result = _train(settings, store, run, reporter)
    except (StaleAttempt, StoreGone):
        raise
    # Any error: people must be able to read why the run failed.
    except Exception as error:
        if not place.is_kept():
            # No failure is stored: the run can be resumed where its folder is now.
            raise _FolderGone from error
        _log.exception("Training ended early.")
        failure = to_failure(error, store.runs.get(run_id).epochs_done)
        _end(store, run, RunState.FAILED, failure.message, failure)
        return
    if result.stopped:
        _end(store, run, RunState.STOPPED, f"stopped after epoch {result.epochs}")
    else:
        _end(store, run, RunState.FINISHED, f"finished after {result.epochs} epochs")


@contextmanager
def own_temporary_files(run_folder: Path) -> Iterator[None]:
    """Have this process make its temporary files in the run's folder; delete them at the end.

    Keras on TensorFlow writes the source of each compiled function to a temporary file. It deletes
    these files when the interpreter ends, which a trainer does not wait for: a thousand runs would
    leave thousands of files behind. Files of a killed attempt are deleted first, so the caller
    must hold the run's lock. Raises OSError when the folder cannot be made.
    """
    folder = run_folder / TEMPORARY
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    # Python reads the environment only once, perhaps before a fork; other code reads it each time.
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end(
    store: Store, run: Run, after: RunState, reason: str, failure: Failure | None = None
) -> None:
    until_unlocked(
        lambda: store.runs.end(run.id, run.attempt, after, reason=reason, failure=failure)
    )


def to_failure(error: Exception, epoch: int) -> Failure:
    """Any exception as a code, one plain sentence and a traceback."""
    text = "".join(traceback.format_exception(error))
    known = failure_of(error)
    if known is not None:
        return Failure(known.code, str(known), text, epoch)
    if isinstance(error, StoreError):
        code = "disk_full" if error.code is StoreCode.DISK_FULL else "store"
        return Failure(code, str(error), text, epoch)
    sentence = f"Training ended with an unexpected error, {type(error).__name__}: {error}"
    return Failure("unexpected", sentence[:500], text, epoch)


def _train(settings: Settings, store: Store, run: Run, reporter: StoreReporter) -> TrainingResult:
    experiment = parse(run.config)
    _refuse_untrusted(experiment, settings)
    _note_work(store, run, experiment)

    def preparing(progress: PrepareProgress) -> None:
        reporter.phase(Phase.PREPARING_DATA, progress.fraction)
        if reporter.should_stop():
            raise _StopWhilePreparing

    # Before the data: fetching some imports Keras, which keeps the engine that it finds then.
    select_engine(experiment.training.engine)
    reporter.phase(Phase.PREPARING_DATA)
    try:
        dataset = load(experiment.data.dataset, settings, preparing)
    except _StopWhilePreparing:
        return TrainingResult(epochs=run.epochs_done, best=None, stopped=True)
    return train(
        experiment,
        dataset=dataset,
        folder=settings.run_folder(run.id),
        reporter=reporter,
        resume=take_over(settings, store, run) or run.attempt > 1,
        until=run.epochs,
        # An export takes a second or two, and most trials are never used for predictions.
        exports=run.search_id is None or run.promoted,
    )


def _refuse_untrusted(experiment: Experiment, settings: Settings) -> None:
    """Raise CodeNotTrusted early: the data set is prepared before the model is built."""
    if experiment.model.own is not None:
        trusted_sources(settings, experiment.model.own)


def _note_work(store: Store, run: Run, experiment: Experiment) -> None:
    """Store the run's machine and FLOPs, from which later runs' times are estimated."""
    info = DATASETS.get(experiment.data.dataset)
    if info is not None:
        flops = flops_per_image(experiment, describe(experiment, info))
        machine = machine_fingerprint()
        until_unlocked(
            lambda: store.trainers.set_work(
                run.id, run.attempt, machine=machine, flops_per_image=flops
            )
        )


if __name__ == "__main__":
    leave(main())
