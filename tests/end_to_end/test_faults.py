"""Real training, and what must hold when things go wrong under it."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from core.jobs.supervisor import ensure_supervisor, supervisor_status
from core.records.runs import Run, RunState
from core.spec import parse
from core.store.store import Store
from tests.core.jobs.conftest import lab, make_lab
from tests.core.jobs.lab import Lab, until

__all__ = ["lab", "make_lab"]  # fixtures of the jobs' tests, for these too

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(600)]

NUM_KILLS = 10
NUM_EPOCHS = 16

EXPERIMENT = {
    "data": {"dataset": "digits", "augmentation": {"shift": 0.1}},
    "model": {
        "stages": [{"convolutions": [{"kind": "normal", "filters": 8}], "dropout": 0.25}],
        "dense": [],
    },
    "training": {
        "epochs": NUM_EPOCHS,
        "batch_size": 16,
        # Rules that count epochs, so that a forgotten counter shows.
        "reduce_on_plateau": {"patience": 1, "factor": 0.7},
        "early_stopping": {"patience": 15},
    },
    "seeds": [7],
}
"""Dropout, augmentation, momentum, patience: all that a resumed run must remember."""


def submit(lab: Lab) -> Run:
    return lab.store.runs.add(parse(EXPERIMENT))[0]


def history(store: Store, run: Run) -> list[tuple[object, ...]]:
    """Every number of a run's curves, exactly; only the time it took may differ."""
    found = store.metrics.list([run.id])
    return [(m.epoch, m.split, m.name, m.value.hex(), m.images) for m in found]


def end(lab: Lab, run: Run, seconds: float = 300) -> Run:
    until(lambda: not lab.store.runs.get(run.id).state.is_active, seconds)
    return lab.store.runs.get(run.id)


def kill_after(lab: Lab, run: Run, epochs: int, delay: Callable[[float], float]) -> None:
    """End the trainer with signal 9 somewhere in the epoch after ``epochs``."""
    until(lambda: lab.store.runs.get(run.id).epochs_done >= epochs and _trains(lab, run), 120)
    now = lab.store.runs.get(run.id)
    assert now.pid is not None
    # A random moment is the point here: no condition is waited for.
    time.sleep(delay((now.progress and now.progress.seconds_per_epoch) or 0.2))
    os.kill(now.pid, signal.SIGKILL)
    until(lambda: lab.store.runs.get(run.id).attempt > now.attempt or _is_lost(lab, run), 20)
    if _is_lost(lab, run):  # it resumes by itself three times, then a person does
        lab.store.runs.resume(run.id)


def _trains(lab: Lab, run: Run) -> bool:
    now = lab.store.runs.get(run.id)
    assert now.state.is_active, f"the run ended before it was killed often enough: {now.state}"
    return now.pid is not None and now.progress is not None


def _is_lost(lab: Lab, run: Run) -> bool:
    return lab.store.runs.get(run.id).state is RunState.LOST


def test_ten_kills_at_random_points_change_no_number(lab: Lab) -> None:
    seed = int.from_bytes(os.urandom(4))
    points = random.Random(seed)
    undisturbed, killed = submit(lab), submit(lab)
    ensure_supervisor(lab.settings)
    assert end(lab, undisturbed).state is RunState.FINISHED
    for number in range(NUM_KILLS):
        kill_after(lab, killed, number, lambda epoch_s: points.uniform(0, epoch_s))
    ended = end(lab, killed)
    assert ended.state is RunState.FINISHED, ended.failure
    assert ended.attempt == NUM_KILLS + 1
    expected = history(lab.store, undisturbed)
    assert history(lab.store, killed) == expected, f"random points from seed {seed}"
    per_epoch = Counter(epoch for epoch, *_ in expected)
    assert sorted(per_epoch) == list(range(1, NUM_EPOCHS + 1))
    assert len(set(per_epoch.values())) == 1
    best, other = lab.store.runs.get(killed.id).best, lab.store.runs.get(undisturbed.id).best
    assert best == other


def test_a_stopped_and_resumed_run_equals_one_that_was_left_alone(lab: Lab) -> None:
    undisturbed, stopped = submit(lab), submit(lab)
    ensure_supervisor(lab.settings)
    until(lambda: lab.store.runs.get(stopped.id).epochs_done >= 2, 200)
    asked_at = time.monotonic()
    lab.store.runs.request_stop(stopped.id)
    paused = end(lab, stopped, 30)
    assert paused.state is RunState.STOPPED
    assert time.monotonic() - asked_at < 25  # by itself, not by being killed
    assert paused.epochs_done < NUM_EPOCHS
    lab.store.runs.resume(stopped.id)
    assert end(lab, stopped).state is RunState.FINISHED
    assert history(lab.store, stopped) == history(lab.store, undisturbed)


def test_a_killed_supervisor_is_noticed_by_no_run(lab: Lab) -> None:
    run, later = submit(lab), submit(lab)
    trainers: set[int] = set()
    for epochs in (0, 2, 4):
        until(lambda number=epochs: _trained(lab, run, number), 120)
        trainers.update(lab.trainers())
        pid = ensure_supervisor(lab.settings).pid
        assert pid is not None
        if epochs == 0:
            until(lambda: _trains_now(lab, run), 120)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not supervisor_status(lab.settings).is_running)
    trainers.update(lab.trainers())
    ensure_supervisor(lab.settings)
    for each in (run, later):
        ended = end(lab, each)
        assert (ended.state, ended.attempt) == (RunState.FINISHED, 1)
    assert len(trainers) == 1
    assert history(lab.store, run) == history(lab.store, later)


def _trained(lab: Lab, run: Run, epochs: int) -> bool:
    return lab.store.runs.get(run.id).epochs_done >= epochs


def _trains_now(lab: Lab, run: Run) -> bool:
    progress = lab.store.runs.get(run.id).progress
    return progress is not None and progress.batch > 0
