"""A trainer's reports to the store, without a delay of training.

Batches and phases change only this object. A thread stores them about once a second, sends
heartbeats (also while Keras compiles) and reads whether a stop was requested. The training thread
itself stores finished epochs and files, at once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from core.errors import DatabaseLocked, StaleAttempt, StoreError, StoreGone
from core.jobs.exits import TrainerExit
from core.jobs.places import Place, folder_gone
from core.records.phases import Phase
from core.records.runs import Artifact, Progress
from core.store.artifact_files import is_there
from core.store.store import Store
from core.training.reporter import EpochRecord

HEARTBEAT_S = 2.0
PROGRESS_S = 1.0
STOP_CHECK_S = 0.4
RETRY_S = 0.1

T = TypeVar("T")
_log = logging.getLogger(__name__)


class StoreReporter:
    """A `Reporter` against the store for one attempt of one run. Use it as a context."""

    def __init__(self, store: Store, run_id: str, attempt: int, folder: Path) -> None:
        self._store, self._run_id, self._attempt = store, run_id, attempt
        self._folder, self._place = folder, Place.of(folder)
        self._progress = Progress(Phase.STARTING)
        self._trained: Phase | None = None
        self._is_new = True
        self._stop = False
        self._stale: StaleAttempt | StoreGone | None = None
        self._ended, self._wake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._report_regularly, name="reporter", daemon=True)
        self._first_batch_at, self._seconds_done = 0.0, 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._wake.set()
        self._thread.join()

    def phase(self, phase: Phase, fraction: float | None = None) -> None:
        """See `Reporter.phase`."""
        self._raise_if_stale()
        before = self._progress
        known = before.seconds_per_epoch
        if phase.is_training:
            if phase is not self._trained:
                known = None  # an epoch of fine-tuning says nothing of one of the head, and back
            self._trained = phase
        self._remember(replace(before, phase=phase, fraction=fraction, seconds_per_epoch=known))
        if before.phase != phase:
            self._wake.set()

    def batch(self, epoch: int, batch: int, num_batches: int, metrics: Mapping[str, float]) -> None:
        """See `Reporter.batch`. A few microseconds."""
        self._raise_if_stale()
        before = self._progress
        is_first = epoch != before.epoch
        if is_first:
            self._first_batch_at = time.monotonic()
        self._remember(
            Progress(
                phase=before.phase if before.phase.is_training else Phase.TRAINING,
                epoch=epoch,
                batch=batch,
                num_batches=num_batches,
                seconds_per_epoch=before.seconds_per_epoch,
                metrics={name: float(value) for name, value in metrics.items()},
            )
        )
        if is_first:
            self._wake.set()

    def epoch(self, record: EpochRecord) -> None:
        """See `Reporter.epoch`."""
        self._raise_if_stale()
        until_unlocked(lambda: self._store.metrics.save_epoch(self._run_id, self._attempt, record))
        took = record.seconds - self._seconds_done
        self._seconds_done = record.seconds
        self._remember(replace(self._progress, seconds_per_epoch=took))

    def restored(self, history: Sequence[EpochRecord]) -> None:
        """See `Reporter.restored`."""
        self._raise_if_stale()
        until_unlocked(
            lambda: self._store.metrics.replace_history(self._run_id, self._attempt, history)
        )
        self._seconds_done = history[-1].seconds if history else 0.0

    def artifact(self, kind: str, path: Path, epoch: int) -> None:
        """See `Reporter.artifact`. ``path`` may be a folder with a ``manifest.json``."""
        self._raise_if_stale()
        file = self._folder / path  # an absolute path stays itself
        artifact = describe_file(self._run_id, kind, file, self._folder, epoch)
        until_unlocked(lambda: self._store.artifacts.save(self._attempt, artifact))
        for old in self._store.artifacts.list(self._run_id):
            if not is_there(self._folder, old.path):
                until_unlocked(partial(self._forget, old))

    def note(self, sentence: str) -> None:
        """See `Reporter.note`."""
        self._raise_if_stale()
        until_unlocked(lambda: self._store.runs.note(self._run_id, sentence))

    def engine(self, name: str) -> None:
        """See `Reporter.engine`."""
        until_unlocked(lambda: self._store.trainers.set_engine(self._run_id, self._attempt, name))

    def should_stop(self) -> bool:
        """See `Reporter.should_stop`. Reads what the thread last saw."""
        self._raise_if_stale()
        return self._stop

    def _forget(self, artifact: Artifact) -> None:
        self._store.artifacts.forget(self._run_id, self._attempt, artifact.kind, artifact.path)

    def _remember(self, progress: Progress) -> None:
        self._progress, self._is_new = progress, True

    def _raise_if_stale(self) -> None:
        if self._stale is not None:
            raise self._stale

    def _report_regularly(self) -> None:
        reported_at = 0.0
        while not self._ended.is_set():
            woken = self._wake.wait(STOP_CHECK_S)
            self._wake.clear()
            self._end_if_abandoned()
            silent_s = time.monotonic() - reported_at
            try:
                if self._is_new and (woken or silent_s >= PROGRESS_S):
                    self._is_new = False
                    progress = self._with_estimate(self._progress)
                    self._store.trainers.save_progress(self._run_id, self._attempt, progress)
                    reported_at = time.monotonic()
                elif silent_s >= HEARTBEAT_S:
                    self._store.trainers.heartbeat(self._run_id, self._attempt)
                    reported_at = time.monotonic()
                self._stop = self._store.trainers.stop_requested(self._run_id, self._attempt)
            except StaleAttempt as error:
                self._stale = error
                return
            except StoreGone as error:
                # A results folder that is being deleted may lose its database first.
                self._ended.wait(STOP_CHECK_S)
                self._end_if_abandoned()
                self._stale = error
                return
            except StoreError as error:
                _log.warning("The report was not stored; trying again: %s", error)

    def _with_estimate(self, progress: Progress) -> Progress:
        """In the first epoch, extrapolate its length from the batches after the first."""
        if progress.seconds_per_epoch is not None or progress.batch < 2:
            return progress
        took = time.monotonic() - self._first_batch_at
        return replace(
            progress, seconds_per_epoch=took / (progress.batch - 1) * progress.num_batches
        )

    def _end_if_abandoned(self) -> None:
        # SQLite would write on to a file that was moved or deleted.
        if not self._place.is_kept():
            _log.error("%s", folder_gone(self._folder))
            os._exit(TrainerExit.FOLDER_GONE)


def until_unlocked(write: Callable[[], T]) -> T:
    """Repeat a write while another program locks the database: training waits."""
    while True:
        try:
            return write()
        except DatabaseLocked as error:
            _log.warning("%s Trying again.", error)
            time.sleep(RETRY_S)


def describe_file(run_id: str, kind: str, path: Path, folder: Path, epoch: int) -> Artifact:
    """A file, or a folder by its manifest, as the store records it."""
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.is_file()]
        hashed = path / "manifest.json"
    else:
        files, hashed = [path], path
    with hashed.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Artifact(
        run_id=run_id,
        kind=kind,
        path=path.relative_to(folder).as_posix(),
        epoch=epoch,
        num_bytes=sum(file.stat().st_size for file in files),
        sha256=sha256,
        created_at=datetime.now(UTC),
    )
