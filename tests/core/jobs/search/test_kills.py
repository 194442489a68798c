"""Whatever is killed, and whenever: no trial is lost, none runs twice, the best is the best."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from core.jobs.supervisor import ensure_supervisor
from core.processes import ProcessIdentity
from core.records.runs import ACTIVE_STATES, RunState
from core.records.searches import SearchRecord, SearchState, TrialState
from core.spec.search import Search, parse_search
from core.store.store import Store
from tests.core.jobs.lab import Lab, until
from tests.core.jobs.searching import ALGORITHMS, search_of

pytestmark = [pytest.mark.processes, pytest.mark.timing, pytest.mark.slow]

CONTROLLERS, TRAINERS = 7, 3
"""Ten kills a search; trainers take seconds to come back, controllers a moment."""
MANY = 500
"""More trials than any machine finishes while ten processes are killed."""
RATES = [0.001 + 0.0001 * step for step in range(200)]
SIZES = [16, 32, 64]
# (trials at a time, epochs): two slots in each case, so that four at a time queue.
CASES = {
    "random": (2, 1),
    "grid": (4, 1),
    "bayesian": (2, 1),
    "hyperband": (4, 1),
}


def submit(lab: Lab, name: str, parallel: int, epochs: int, max_trials: int) -> SearchRecord:
    """A search that is set going, on two slots."""
    algorithm: dict[str, Any] = dict(ALGORITHMS[name])
    budget: dict[str, Any] = {"max_trials": max_trials, "parallel": parallel, "epochs": epochs}
    if name == "hyperband":
        algorithm |= {"max_epochs": 2, "iterations": 100}
        budget["epochs"] = None
    if name == "bayesian":
        # So that the Gaussian process is asked as well.
        algorithm |= {"num_initial_points": 2}
    parameters = [
        choice("rate", "training.learning_rate", RATES),
        choice("batch", "training.batch_size", SIZES),
    ]
    search: Search = parse_search(
        search_of(algorithm=algorithm, budget=budget, parameters=parameters)
    )
    lab.store.settings.set_cpu_slots(2)
    record = lab.store.searches.add(
        search.name, search.to_dict(), search.budget.model_dump(mode="json")
    )
    ensure_supervisor(lab.settings)
    return record


def choice(name: str, path: str, values: list[Any]) -> dict[str, Any]:
    """A parameter of these values."""
    return {"name": name, "paths": [path], "range": {"kind": "choice", "values": values}}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "case"), CASES.items(), ids=list(CASES))
def test_a_search_survives_ten_kills(
    name: str, case: tuple[int, int], make_lab: Callable[..., Lab]
) -> None:
    lab, chance = make_lab(), random.Random(name)
    # Open-ended until the last kill, so that no machine is too quick for ten of them.
    record = submit(lab, name, *case, max_trials=MANY)
    victims = ["controller"] * CONTROLLERS + ["trainer"] * TRAINERS
    chance.shuffle(victims)
    finished: set[str] = set()
    num_killed = 0
    for victim in victims:
        until(lambda kind=victim: bool(alive(lab, record.id, kind)), 120)
        # A moment of its own for each: importing, asking, training, validating, saving, ending.
        threading.Event().wait(chance.uniform(0.0, 2.0))
        until(lambda kind=victim: bool(alive(lab, record.id, kind)), 120)
        chance.choice(alive(lab, record.id, victim)).kill_group()
        num_killed += 1
        finished |= {run.id for run in lab.store.runs.list(states=[RunState.FINISHED])}
    max_trials = max(4, len(lab.store.searches.trials(record.id)))
    lab.store.searches.set_budget(record.id, record.budget | {"max_trials": max_trials})
    until(lambda: lab.store.searches.get(record.id).state is not SearchState.RUNNING, 600)

    assert num_killed == CONTROLLERS + TRAINERS
    check(lab.store, record, max_trials=max_trials)
    assert finished <= {run.id for run in lab.store.runs.list()}
    kept = json.loads((lab.settings.search_folder(record.id) / "best.json").read_text())
    assert kept["number"] == lab.store.searches.get(record.id).best_number


def check(store: Store, record: SearchRecord, *, max_trials: int) -> None:
    """Everything that must be true of a search that has ended by itself."""
    search, trials = store.searches.get(record.id), store.searches.trials(record.id)
    assert (search.state, search.reason) == (
        SearchState.FINISHED,
        f"All {max_trials} trials are done.",
    )
    assert [trial.number for trial in trials] == list(range(1, max_trials + 1))
    assert {trial.state for trial in trials} == {TrialState.COMPLETED}
    assert sorted(trial.told_order or 0 for trial in trials) == list(range(1, max_trials + 1))
    values = [json.dumps(each.values, sort_keys=True) for each in trials if not each.continues]
    assert len(set(values)) == len(values)
    scores = {trial.number: trial.score or 0.0 for trial in trials}
    assert search.best_score == max(scores.values())
    assert scores[search.best_number or 0] == search.best_score
    # One run a trial, each finished once, and nothing happened to it afterwards.
    assert len(store.runs.list()) == max_trials
    for trial in trials:
        (run_id,) = trial.run_ids
        states = [event.after for event in store.runs.events(run_id)]
        assert states.count(RunState.FINISHED) == 1
        assert states[-1] is RunState.FINISHED
        accuracies = [
            metric.value
            for metric in store.metrics.list([run_id])
            if (metric.split, metric.name) == ("validation", "accuracy")
        ]
        assert len(accuracies) == trial.epochs
        assert trial.score == max(accuracies)


def alive(lab: Lab, search_id: str, kind: str) -> list[ProcessIdentity]:
    """Processes of that kind that are at work, going by what the store says."""
    if kind == "controller":
        identities = [lab.store.controllers.process_of(search_id)]
    else:
        runs = lab.store.runs.list(states=ACTIVE_STATES - {RunState.QUEUED})
        identities = [lab.store.trainers.process_of(run.id) for run in runs]
    found = [ProcessIdentity(*identity) for identity in identities if identity is not None]
    return [each for each in found if each.is_alive()]
