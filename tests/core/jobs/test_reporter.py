"""What a trainer reports reaches the store soon, and the store's wishes reach the trainer."""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import ExitStack

import pytest

from core.errors import StaleAttempt
from core.jobs.execute import to_failure
from core.jobs.exits import TrainerExit
from core.jobs.reporter import StoreReporter
from core.records.phases import Phase
from core.records.runs import Run, RunState
from core.store import database
from core.store.store import Store
from core.training.reporter import EpochRecord
from tests.core.jobs.lab import Lab, locked, until


@pytest.fixture
def run(lab: Lab) -> Run:
    lab.submit()
    claimed = lab.store.runs.claim_next("cpu")
    assert claimed is not None
    lab.settings.run_folder(claimed.id).mkdir(parents=True)
    return claimed


@pytest.fixture
def reporter(lab: Lab, run: Run) -> StoreReporter:
    return StoreReporter(lab.store, run.id, 1, lab.settings.run_folder(run.id))


def test_progress_is_seen_while_the_trainer_is_busy(
    lab: Lab, run: Run, reporter: StoreReporter
) -> None:
    with reporter:
        reporter.phase(Phase.PREPARING_DATA, 0.25)
        until(
            lambda: (p := lab.store.runs.get(run.id).progress) is not None and p.fraction == 0.25, 5
        )
        reporter.batch(1, 1, 100, {"loss": 2.0})
        reporter.batch(1, 11, 100, {"loss": 1.5})
        until(lambda: (p := lab.store.runs.get(run.id).progress) is not None and p.batch == 11, 5)
        progress = lab.store.runs.get(run.id).progress
        assert progress is not None
        assert (progress.phase, progress.num_batches) == (Phase.TRAINING, 100)
        assert progress.metrics == {"loss": 1.5}
        assert progress.seconds_per_epoch is not None


def test_fine_tuning_is_told_apart_from_training(
    lab: Lab, run: Run, reporter: StoreReporter
) -> None:
    with reporter:
        reporter.note("fine-tuning begins after epoch 2")
        reporter.phase(Phase.FINE_TUNING)
        reporter.batch(3, 7, 100, {"loss": 1.0})
        until(lambda: (p := lab.store.runs.get(run.id).progress) is not None and p.batch == 7, 5)
        progress = lab.store.runs.get(run.id).progress
        assert progress is not None
        assert progress.phase is Phase.FINE_TUNING
        assert progress.phase.is_training
        reporter.phase(Phase.VALIDATING)
        reporter.batch(4, 1, 100, {"loss": 1.0})
        reporter.phase(Phase.FINE_TUNING)
        until(lambda: (p := lab.store.runs.get(run.id).progress) is not None and p.epoch == 4, 5)
    event = lab.store.runs.events(run.id)[-1]
    assert event.reason == "fine-tuning begins after epoch 2"
    assert (event.before, event.after) == (RunState.RUNNING, RunState.RUNNING)


def test_the_time_of_an_epoch_is_not_carried_over_into_fine_tuning(
    lab: Lab, run: Run, reporter: StoreReporter
) -> None:
    def seconds_per_epoch() -> float | None:
        progress = lab.store.runs.get(run.id).progress
        return progress.seconds_per_epoch if progress else None

    with reporter:
        for epoch in (1, 2):
            reporter.phase(Phase.TRAINING)
            reporter.phase(Phase.SAVING)
            reporter.epoch(EpochRecord(epoch, {"loss": 1.0}, 40.0 * epoch, 100 * epoch))
        reporter.phase(Phase.TRAINING)
        until(lambda: seconds_per_epoch() == 40.0, 5)
        reporter.phase(Phase.FINE_TUNING)
        until(lambda: seconds_per_epoch() is None, 5)


def test_heartbeats_go_on_while_nothing_is_reported(
    lab: Lab, run: Run, reporter: StoreReporter
) -> None:
    with reporter:
        seen = set()

        def two_more() -> bool:
            seen.add(lab.store.runs.get(run.id).heartbeat_at)
            return len(seen) > 3

        until(two_more, 15)


def test_a_thousand_batches_are_a_few_writes_and_no_wait(
    lab: Lab, run: Run, reporter: StoreReporter
) -> None:
    before = lab.store.revision()
    with reporter:
        started = time.perf_counter()
        for batch in range(1, 1001):
            reporter.batch(1, batch, 1000, {"loss": 1.0, "accuracy": 0.5})
            assert not reporter.should_stop()
        took = time.perf_counter() - started
    assert took < 0.5
    assert lab.store.revision() - before <= 2 + took


def test_a_stop_request_is_noticed(lab: Lab, run: Run, reporter: StoreReporter) -> None:
    with reporter:
        assert not reporter.should_stop()
        lab.store.runs.request_stop(run.id)
        until(reporter.should_stop, 5)


def test_a_stale_attempt_learns_it_from_its_next_report(
    lab: Lab, run: Run, reporter: StoreReporter
) -> None:
    with reporter:
        lab.store.runs.end(run.id, 1, RunState.LOST, reason="for the test")
        lab.store.runs.resume(run.id)

        def refused() -> bool:
            try:
                reporter.phase(Phase.TRAINING)
            except StaleAttempt:
                return True
            return False

        until(refused, 5)
        with pytest.raises(StaleAttempt):
            reporter.epoch(EpochRecord(1, {"loss": 1.0}, 1.0, 1))
    assert lab.store.metrics.list([run.id]) == []


def test_files_are_described_and_vanished_ones_forgotten(
    lab: Lab, run: Run, reporter: StoreReporter
) -> None:
    folder = lab.settings.run_folder(run.id)
    for number in (1, 2):
        checkpoint = folder / "checkpoints" / f"epoch-{number}"
        checkpoint.mkdir(parents=True)
        (checkpoint / "manifest.json").write_text("{}")
        (checkpoint / "weights").write_bytes(b"w" * 98)
        reporter.artifact("checkpoint", checkpoint, number)
        if number == 1:
            shutil.rmtree(checkpoint)
    (artifact,) = lab.store.artifacts.list(run.id)
    assert (artifact.path, artifact.epoch, artifact.num_bytes) == ("checkpoints/epoch-2", 2, 100)
    assert len(artifact.sha256) == 64


@pytest.mark.processes
@pytest.mark.timing
def test_a_locked_database_holds_training_up_and_ends_nothing(
    lab: Lab, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    with Store(lab.settings.database_url) as store, ExitStack() as stack:
        reporter = StoreReporter(store, run.id, 1, lab.settings.run_folder(run.id))
        stack.enter_context(locked(lab))
        timer = threading.Timer(2.0, stack.pop_all().close)
        timer.start()
        with reporter:
            reporter.epoch(EpochRecord(1, {"loss": 1.0}, 1.0, 1))
            reporter.note("after the lock")
        timer.join()
    assert [metric.epoch for metric in lab.store.metrics.list([run.id])] == [1]
    assert lab.store.runs.events(run.id)[-1].reason == "after the lock"


@pytest.mark.processes
@pytest.mark.timing
def test_a_trainer_whose_folder_was_deleted_ends(lab: Lab) -> None:
    _, process = lab.stand_in()
    shutil.rmtree(lab.settings.results)
    assert process.wait(timeout=20) == TrainerExit.FOLDER_GONE


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(), "out_of_memory", "smaller batch size"),
        (OSError(28, "No space left on device"), "disk_full", "disk is full"),
        (RuntimeError("odd"), "unexpected", "RuntimeError: odd"),
    ],
)
def test_any_error_becomes_a_code_a_sentence_and_a_traceback(
    error: Exception, code: str, words: str
) -> None:
    failure = to_failure(error, 4)
    assert (failure.code, failure.epoch) == (code, 4)
    assert words in failure.message
    assert type(error).__name__ in failure.traceback
