"""Every algorithm searches on real pictures: a few hundred of CIFAR-10, real trainers."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.jobs.supervisor import ensure_supervisor
from core.records.runs import RunState
from core.records.searches import SearchState, TrialState
from core.spec.search import parse_search, values_key
from tests.core.jobs.lab import Lab, until
from tests.core.jobs.searching import ALGORITHMS, search_of

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.cifar10,
    pytest.mark.timeout(500),
]
NUM_TRIALS = 3
OWN: dict[str, dict[str, Any]] = {
    "bayesian": {"num_initial_points": 2},
    "hyperband": {"max_epochs": 2, "factor": 2, "iterations": 1},
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_it_searches_on_real_pictures(name: str, make_lab: Callable[..., Lab]) -> None:
    lab = make_lab()
    lab.settings = replace(lab.settings, data=Path(os.environ["CONVSCOPE_DATA"]))
    raw = search_of(
        algorithm=ALGORITHMS[name] | OWN.get(name, {}),
        budget={"max_trials": NUM_TRIALS, "epochs": None if name == "hyperband" else 1},
    )
    raw["base"]["data"] = {"dataset": "cifar10", "train_size": 300}
    search = parse_search(raw)
    record = lab.store.searches.add(
        search.name, search.to_dict(), search.budget.model_dump(mode="json")
    )
    ensure_supervisor(lab.settings)
    until(lambda: lab.store.searches.get(record.id).state is not SearchState.RUNNING, 400)

    ended = lab.store.searches.get(record.id)
    assert ended.state is SearchState.FINISHED, ended.reason
    trials = lab.store.searches.trials(record.id)
    assert [trial.state for trial in trials] == [TrialState.COMPLETED] * NUM_TRIALS
    first_rounds = [trial for trial in trials if trial.continues is None]
    assert len({values_key(trial.values) for trial in first_rounds}) == len(first_rounds)
    for trial in trials:
        [run] = lab.store.runs.list(ids=trial.run_ids)
        assert (run.dataset, run.state) == ("cifar10", RunState.FINISHED)
        assert trial.score == pytest.approx(run.best.val_accuracy if run.best else None)
    scores = [trial.score for trial in trials if trial.score is not None]
    assert ended.best_score == pytest.approx(max(scores))
    assert (lab.settings.search_folder(record.id) / "best.keras").is_file()
