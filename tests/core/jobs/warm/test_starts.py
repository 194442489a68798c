"""Trials that start from a process with TensorFlow at hand: the same runs, only sooner."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from core.jobs.launch import start_trainer
from core.jobs.warm.starts import WarmStarts
from core.jobs.watch import Watch
from core.records.runs import Run, RunState
from core.records.searches import SearchRecord, SearchState
from core.spec import parse
from core.spec.search import parse_search
from tests.core.jobs.lab import Lab, until
from tests.core.jobs.searching import search_of

pytestmark = [pytest.mark.processes, pytest.mark.timing, pytest.mark.timeout(600)]

PATIENCE_S = 240.0


@pytest.fixture
def watch(lab: Lab) -> Iterator[Watch]:
    """A supervisor's eyes and hands, moved by the test."""
    made = Watch(lab.settings, lab.store)
    yield made
    made.warm.end()


def submit(lab: Lab, epochs: int = 2, **fields: Any) -> SearchRecord:
    """A grid of trials on two slots."""
    lab.store.settings.set_cpu_slots(2)
    budget = {"max_trials": 2, "parallel": 2, "epochs": epochs} | fields.pop("budget", {})
    search = parse_search(search_of(algorithm={"kind": "grid"}, budget=budget, **fields))
    return lab.store.searches.add(
        search.name, search.to_dict(), search.budget.model_dump(mode="json")
    )


def look_until(watch: Watch, condition: Callable[[], bool]) -> None:
    def looked() -> bool:
        watch.poll()
        return condition()

    until(looked, PATIENCE_S)


def training(lab: Lab, search: SearchRecord) -> list[Run]:
    """Trials' runs that have a process and have done an epoch."""
    runs = lab.store.runs.list(search_id=search.id, states=[RunState.RUNNING])
    return [run for run in runs if run.epochs_done and lab.store.trainers.process_of(run.id)]


def trainer(lab: Lab, run: Run) -> psutil.Process:
    identity = lab.store.trainers.process_of(run.id)
    assert identity is not None
    return psutil.Process(identity[0])


@pytest.mark.slow
def test_two_trials_at_once_score_bit_for_bit_what_fresh_trainers_would(
    lab: Lab, watch: Watch
) -> None:
    search = submit(lab)
    parents: dict[str, set[int]] = {}

    def over() -> bool:
        for run in lab.store.runs.list(search_id=search.id, states=[RunState.RUNNING]):
            identity = lab.store.trainers.process_of(run.id)
            if identity is not None and psutil.pid_exists(identity[0]):
                parents.setdefault(run.id, set()).add(psutil.Process(identity[0]).ppid())
        return lab.store.searches.get(search.id).state is not SearchState.RUNNING

    look_until(watch, lambda: watch.warm.pid is not None)
    warm = watch.warm.pid
    look_until(watch, over)
    trials = lab.store.runs.list(search_id=search.id)
    assert parents == {run.id: {warm} for run in trials}
    assert {run.state for run in trials} == {RunState.FINISHED}
    look_until(watch, lambda: watch.warm.pid is None)

    for run in trials:
        lab.store.runs.add(parse(run.config))
        again = lab.store.runs.claim_next("cpu")
        assert again is not None
        lab.processes.append(start_trainer(lab.settings, again, "cpu", 2))
        lab.wait_for(again, RunState.FINISHED, timeout_s=PATIENCE_S)
        warm_one, cold_one = (curves(lab, each) for each in (run, again))
        assert warm_one
        assert warm_one == cold_one


def curves(lab: Lab, run: Run) -> dict[Any, Any]:
    """All that was measured but time."""
    return {
        (each.epoch, each.split, each.name): each.value
        for each in lab.store.metrics.list([run.id])
        if "seconds" not in each.name
    }


@pytest.mark.slow
def test_kills_of_the_warm_process_and_of_its_trainers_are_told_apart(
    lab: Lab, watch: Watch
) -> None:
    search = submit(lab, epochs=1000, budget={"parallel": 1, "max_trials": 1})
    look_until(watch, lambda: bool(training(lab, search)))
    run = training(lab, search)[0]
    first, process = watch.warm.pid, trainer(lab, run)
    assert first is not None
    assert process.ppid() == first
    assert os.getpgid(process.pid) == process.pid
    os.kill(first, signal.SIGKILL)
    look_until(watch, lambda: watch.warm.pid not in {first, None})
    done = lab.store.runs.get(run.id).epochs_done
    look_until(watch, lambda: lab.store.runs.get(run.id).epochs_done > done)
    assert lab.store.runs.get(run.id).attempt == 1

    # Its next attempt comes from the new one, which notes how it ends.
    process.kill()
    look_until(
        watch, lambda: lab.store.runs.get(run.id).attempt == 2 and bool(training(lab, search))
    )
    look_until(watch, lambda: trainer(lab, run).pid != process.pid)
    assert trainer(lab, run).ppid() == watch.warm.pid
    trainer(lab, run).kill()
    look_until(watch, lambda: lab.store.runs.get(run.id).attempt == 3)
    reasons = " ".join(event.reason for event in lab.store.runs.events(run.id))
    assert "killed the trainer" in reasons

    lab.store.searches.end(search.id)
    look_until(watch, lambda: watch.warm.pid is None)


@pytest.mark.slow
def test_a_warm_process_that_does_not_answer_is_done_without(lab: Lab, watch: Watch) -> None:
    search = submit(lab, budget={"parallel": 1, "max_trials": 2})
    look_until(
        watch, lambda: bool(lab.store.runs.list(search_id=search.id, states=[RunState.FINISHED]))
    )
    silent = watch.warm.pid
    assert silent is not None
    os.kill(silent, signal.SIGSTOP)
    look_until(
        watch,
        lambda: any("core.jobs.execute" in psutil.Process(pid).cmdline() for pid in lab.trainers()),
    )
    assert not psutil.pid_exists(silent)
    look_until(watch, lambda: lab.store.searches.get(search.id).state is SearchState.FINISHED)
    runs = lab.store.runs.list(search_id=search.id)
    assert [(run.state, run.attempt) for run in runs] == [(RunState.FINISHED, 1)] * 2


def test_only_trials_on_a_cpu_with_tensorflow_are_asked_for(lab: Lab) -> None:
    warm = WarmStarts(lab.settings)
    jax = search_of()["base"] | {"training": {"epochs": 2, "engine": "jax"}}
    warm.keep([submit(lab, name="jax", base=jax)])
    assert warm.pid is None
    try:
        warm.keep([submit(lab)])
        assert warm.pid is not None
        lab.submit()
        run = lab.store.runs.claim_next("cpu")
        assert run is not None
        assert run.search_id is None
        assert warm.take(run, "cpu", 1) is None
        warm.keep([])
        assert warm.pid is None
    finally:
        warm.end()
