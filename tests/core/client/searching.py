"""Searches that tests live through without a controller or a trainer, by the store's own verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.client import Client
from core.records.runs import Run, RunState
from core.records.searches import SearchRecord, Trial, TrialState
from core.spec.search import Search, apply_values, parse_search
from core.store.search.controllers import NewTrial, Verdict
from core.training.reporter import EpochRecord

MOST_FAILURES = 3


def small_search(**changes: Any) -> Search:
    """Dropout and learning rate of a tiny network on digits; six combinations."""
    raw: dict[str, Any] = {
        "name": "small",
        "base": {
            "data": {"dataset": "digits", "train_size": 100},
            "model": {"stages": [{"convolutions": [{"kind": "normal", "filters": 4}]}]},
            "training": {"epochs": 3},
        },
        "parameters": [
            {
                "name": "dropout",
                "paths": ["model.regularization.dense_dropout"],
                "range": {"kind": "choice", "values": [0.0, 0.25, 0.5]},
            },
            {
                "name": "rate",
                "paths": ["training.learning_rate"],
                "range": {"kind": "choice", "values": [1e-3, 1e-2]},
            },
        ],
        "budget": {"max_trials": 4, "epochs": 2},
    }
    return parse_search(raw | changes)


def add_search(client: Client, search: Search) -> SearchRecord:
    """Stored, but no supervisor is started, so that nothing takes it up."""
    content = search.to_dict()
    return client.store.searches.add(search.name, content, content["budget"])


def begin_trial(client: Client, reference: str, values: Mapping[str, Any]) -> Trial:
    """As a controller does."""
    found, search = client.searches.get(reference), client.search_drafts.of(reference)
    number = len(client.trials.list(reference)) + 1
    experiment = apply_values(search, values)
    new = NewTrial(f"oracle-{number}", values, experiment.total_epochs)
    trial = client.store.controllers.begin_trial(found.id, found.generation, new, experiment)
    assert trial is not None
    return trial


def end_trial(client: Client, trial: Trial, score: float, *, is_best: bool = False) -> Trial:
    """Its runs finish with that validation accuracy, and so does it."""
    for run in client.runs.list(ids=list(trial.run_ids)):
        finish_run(client, run, [score / 2, score][-run.epochs :])
    generation = client.searches.get(trial.search_id).generation
    verdict = Verdict(TrialState.COMPLETED, score, 2, is_best=is_best)
    client.store.controllers.end_trial(
        trial.search_id, generation, trial.number, verdict, max_failures=MOST_FAILURES
    )
    return client.store.searches.trial(trial.search_id, trial.number)


def finish_run(client: Client, run: Run, accuracies: Sequence[float]) -> None:
    """Live a run's life without a trainer."""
    claimed = client.store.runs.claim_next("cpu")
    assert claimed is not None
    assert claimed.id == run.id
    for epoch, accuracy in enumerate(accuracies, 1):
        values = {"loss": 1.0, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": accuracy}
        client.store.metrics.save_epoch(
            run.id, 1, EpochRecord(epoch, values, 1.5 * epoch, 100 * epoch)
        )
    client.store.runs.end(run.id, 1, RunState.FINISHED, reason="done")


def lived_search(client: Client, **changes: Any) -> tuple[SearchRecord, list[Trial]]:
    """A search with three completed trials, the second of them the best."""
    found = add_search(client, small_search(**changes))
    trials = []
    for number, (dropout, score) in enumerate([(0.0, 0.5), (0.25, 0.75), (0.5, 0.625)]):
        trial = begin_trial(client, found.id, {"dropout": dropout, "rate": 1e-3})
        trials.append(end_trial(client, trial, score, is_best=number < 2))
    return client.searches.get(found.id), trials
