"""Runs in any state, by the way that leads there."""

from __future__ import annotations

from collections.abc import Mapping

from core.records.runs import Failure, Run, RunState
from core.spec import parse
from core.store.store import Store
from core.training.reporter import EpochRecord


def queued(store: Store, *, seeds: tuple[int, ...] = (1,), epochs: int = 3) -> list[Run]:
    """Runs of a small experiment on digits, freshly submitted."""
    experiment = parse(
        {
            "name": "small",
            "data": {"dataset": "digits"},
            "training": {"epochs": epochs},
            "seeds": list(seeds),
        }
    )
    return store.runs.add(experiment)


def running(store: Store) -> Run:
    """A run that a supervisor has claimed."""
    queued(store)
    run = store.runs.claim_next("cpu")
    assert run is not None
    return run


def in_state(store: Store, state: RunState) -> Run:
    """A run in ``state``."""
    if state is RunState.QUEUED:
        return queued(store)[0]
    run = running(store)
    if state in {RunState.STOPPING, RunState.STOPPED}:
        store.runs.request_stop(run.id)
    if state in {RunState.STOPPED, RunState.FINISHED, RunState.FAILED, RunState.LOST}:
        failure = Failure("made_up", "It went wrong.")
        told = failure if state in {RunState.FAILED, RunState.LOST} else None
        store.runs.end(run.id, run.attempt, state, reason="for the test", failure=told)
    return store.runs.get(run.id)


def epoch(number: int, **metrics: float) -> EpochRecord:
    """A finished epoch; loss and accuracies follow its number unless they are given."""
    usual: Mapping[str, float] = {
        "loss": 1 / number,
        "accuracy": 0.5,
        "val_loss": 2 / number,
        "val_accuracy": 0.1 * number,
        "learning_rate": 0.001,
    }
    return EpochRecord(number, {**usual, **metrics}, seconds=2.0 * number, images=100 * number)
