"""The trainer: one process a run and attempt, started by the supervisor.

`python -m core.jobs.execute --run ID --attempt N` holds the run's lock from its start to its
end, trains, and leaves its verdict in the store. Exit code 0: the verdict is there; 3: a
newer attempt owns the run; 5: the last attempt's process would not end; other: no verdict,
which the supervisor notices.
"""

from __future__ import annotations

import argparse
import logging
import sys
import traceback
from collections.abc import Sequence

from filelock import Timeout

from core.datasets import DATASETS, load
from core.datasets.progress import PrepareProgress
from core.errors import StaleAttempt, StoreError
from core.jobs.continuing import take_over
from core.jobs.devices import machine_fingerprint
from core.jobs.launch import leave, trainer_lock
from core.jobs.reporting import StoreReporter
from core.jobs.temporary import own_temporary_files
from core.jobs.work import flops_per_image
from core.models.summary import describe
from core.models.trust import trusted_sources
from core.processes import ProcessIdentity, exclusive_lock
from core.settings import Settings
from core.spec import Experiment, parse
from core.store.database import warn_about_old_sqlite
from core.store.records import Failure, Phase, Run, RunState
from core.store.sql import Store
from core.training.engine import select_engine
from core.training.failures import failure_of
from core.training.trainer import TrainingResult, train

EXIT_VERDICT = 0
EXIT_NO_VERDICT = 1
EXIT_STALE = 3
EXIT_LOCKED = 5
LOCK_TIMEOUT_S = 20.0
"""The last attempt's process may still be ending."""

_log = logging.getLogger(__name__)


class _StopWhilePreparing(Exception):
    """A stop was asked for while the data set was being made ready."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train one attempt of one run; the exit code is described above."""
    parser = argparse.ArgumentParser(prog="core.jobs.execute")
    parser.add_argument("--run", required=True)
    parser.add_argument("--attempt", required=True, type=int)
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    settings = Settings.from_environment()
    lock = exclusive_lock(trainer_lock(settings, options.run))
    try:
        with lock.acquire(timeout=LOCK_TIMEOUT_S), Store.open(settings) as store:
            warn_about_old_sqlite()
            execute(settings, store, options.run, options.attempt)
    except StaleAttempt as error:
        _log.info("%s", error)
        return EXIT_STALE
    except Timeout:
        _log.error("The last attempt's process still holds the run.")
        return EXIT_LOCKED
    except StoreError:
        _log.exception("The verdict could not be stored.")
        return EXIT_NO_VERDICT
    return EXIT_VERDICT


def execute(settings: Settings, store: Store, run_id: str, attempt: int) -> None:
    """Train and store the verdict. Raises StaleAttempt, and StoreError when it cannot."""
    me = ProcessIdentity.of_this_process()
    store.attach(run_id, attempt, pid=me.pid, pid_created_at=me.created_at)
    run = store.run(run_id)
    try:
        with (
            own_temporary_files(settings.run_folder(run_id)),
            StoreReporter(store, run_id, attempt, settings.run_folder(run_id)) as reporter,
        ):
            result = _train(settings, store, run, reporter)
    except StaleAttempt:
        raise
    # Whatever went wrong, a person must read why: this is the process' last resort.
    except Exception as error:  # noqa: BLE001
        _log.exception("Training ended early.")
        failure = to_failure(error, store.run(run_id).epochs_done)
        store.end(run_id, attempt, RunState.FAILED, reason=failure.message, failure=failure)
        return
    if result.stopped:
        reason = f"stopped after epoch {result.epochs}"
        store.end(run_id, attempt, RunState.STOPPED, reason=reason)
    else:
        reason = f"finished after {result.epochs} epochs"
        store.end(run_id, attempt, RunState.FINISHED, reason=reason)


def to_failure(error: Exception, epoch: int) -> Failure:
    """Any exception as a code, one plain sentence and a traceback."""
    told = "".join(traceback.format_exception(error))
    known = failure_of(error)
    if known is not None:
        return Failure(known.code, str(known), told, epoch)
    if isinstance(error, StoreError):
        code = "disk_full" if "is full" in str(error) else "store"
        return Failure(code, str(error), told, epoch)
    sentence = f"Training ended with an unexpected error, {type(error).__name__}: {error}"
    return Failure("unexpected", sentence[:500], told, epoch)


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
        # A trial is short, and of most nobody asks a prediction: an export takes a second or two.
        exports=run.search_id is None or run.promoted,
    )


def _refuse_untrusted(experiment: Experiment, settings: Settings) -> None:
    """Before the data set is made ready: the network, and so the door to code, comes later."""
    if experiment.model.own is not None:
        trusted_sources(settings, experiment.model.own)


def _note_work(store: Store, run: Run, experiment: Experiment) -> None:
    """What later estimates learn from."""
    info = DATASETS.get(experiment.data.dataset)
    if info is not None:
        flops = flops_per_image(experiment, describe(experiment, info))
        machine = machine_fingerprint()
        store.set_work(run.id, run.attempt, machine=machine, flops_per_image=flops)


if __name__ == "__main__":
    leave(main())
