"""Searches and trials in the store, without a controller's process."""

from __future__ import annotations

from typing import Any

from core.records.runs import RunState
from core.records.searches import SearchRecord, Trial, TrialState
from core.spec import Experiment, parse
from core.spec.search import parse_search
from core.store.search.controllers import NewTrial, Verdict
from core.store.store import Store


def experiment(*, seeds: tuple[int, ...] = (1,), epochs: int = 3) -> Experiment:
    """A small one on digits."""
    return parse(
        {"data": {"dataset": "digits"}, "training": {"epochs": epochs}, "seeds": list(seeds)}
    )


CONFIG = parse_search(
    {
        "name": "rates",
        "base": {"data": {"dataset": "digits"}},
        "parameters": [
            {
                "name": "rate",
                "paths": ["training.learning_rate"],
                "range": {"kind": "choice", "values": [0.1, 0.2, 0.3]},
            }
        ],
        "budget": {"max_trials": 5},
    }
).to_dict()
"""A search as it is stored."""
BUDGET = CONFIG["budget"]


def controlled(store: Store, name: str = "rates") -> tuple[SearchRecord, int]:
    """A search with the generation of its controller."""
    search = store.searches.add(name, CONFIG, BUDGET)
    generation = store.controllers.claim(search.id, search.generation)
    assert generation == 1
    return store.searches.get(search.id), generation


def begun(store: Store, search: SearchRecord, generation: int, **values: Any) -> Trial:
    """A trial of two seeds whose runs are queued."""
    new = NewTrial(key=str(sorted(values.items())), values=values)
    trial = store.controllers.begin_trial(search.id, generation, new, experiment(seeds=(1, 2)))
    assert trial is not None
    return trial


def ended(
    store: Store,
    search: SearchRecord,
    generation: int,
    number: int,
    state: TrialState,
    **verdict: Any,
) -> SearchRecord:
    """The search after a trial's end."""
    return store.controllers.end_trial(
        search.id, generation, number, Verdict(state, **verdict), max_failures=3
    )


def run_states(store: Store, trial: Trial) -> list[RunState]:
    """Of the trial's runs, by seed."""
    return [run.state for run in store.runs.list(ids=trial.run_ids)]
