"""How a trial ends: by its runs, by a person, by the others; and what is kept of it."""

from __future__ import annotations

import json

import pytest

from core.jobs.search.cleanup import tidy_search
from core.records.runs import Failure, RunState
from core.records.searches import TrialState
from core.settings import Settings
from core.spec import parse
from core.spec.files import read_experiment
from core.store.store import Store
from tests.core.jobs.searching import played


def test_a_score_is_the_mean_over_seeds_and_the_best_network_is_kept(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store, seeds=[1, 2], budget={"max_trials": 2})
    search.step()
    search.train(0.5, 0.4)
    assert search.step()
    assert search.running
    better = search.train(0.6, 0.9)
    search.step()
    trial = search.trials[0]
    assert trial.score == pytest.approx(0.7)
    assert trial.best_epoch == 1
    folder = settings.search_folder(search.id)
    assert (folder / "best.keras").read_text() == better.id
    kept = read_experiment(folder / "experiment.toml")
    assert kept.digest == parse(better.config).digest
    search.train(0.1)
    search.train(0.2)
    assert not search.step()
    assert (folder / "best.keras").read_text() == better.id
    assert search.found.best_number == 1
    assert json.loads((folder / "best.json").read_text())["run_id"] == better.id


def test_the_last_epoch_and_the_smallest_loss_can_count(settings: Settings, store: Store) -> None:
    objective = {"metric": "val_loss", "which": "last"}
    search = played(settings, store, objective=objective, budget={"max_trials": 2})
    search.step()
    search.train(0.9, 0.4)
    search.step()
    search.train(0.5, 0.7)
    search.step()
    assert [trial.score for trial in search.trials] == [pytest.approx(0.6), pytest.approx(0.3)]
    assert search.found.best_number == 2
    assert search.trials[1].best_epoch == 2


def test_a_failed_run_fails_its_trial_and_spares_the_other_seeds(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store, seeds=[1, 2, 3])
    search.step()
    first, second = search.claim(), search.claim()
    search.end(first, RunState.FAILED, "The loss is no number.")
    search.step()
    states = [run.state for run in store.runs.list(ids=search.trials[0].run_ids)]
    assert states == [RunState.FAILED, RunState.STOPPING, RunState.STOPPED]
    assert search.running
    search.restart()
    search.end(second, RunState.STOPPED)
    search.step()
    trial = search.trials[0]
    assert (trial.state, trial.reason) == (TrialState.FAILED, "The loss is no number.")
    assert [each.number for each in search.running] == [2]


@pytest.mark.parametrize(
    ("happens", "state", "reason"),
    [
        ("stopped", TrialState.STOPPED, "by hand"),
        ("lost", TrialState.FAILED, "It burst."),
        ("deleted", TrialState.STOPPED, "deleted"),
    ],
)
def test_what_happens_to_a_run_happens_to_its_trial(
    happens: str, state: TrialState, reason: str, settings: Settings, store: Store
) -> None:
    search = played(settings, store)
    search.step()
    run = search.claim()
    search.epochs(run, 0.4)
    if happens == "lost":
        search.end(run, RunState.LOST)
    else:
        store.runs.request_stop(run.id)
        search.end(run, RunState.STOPPED)
    if happens == "deleted":
        store.runs.delete(run.id)
    search.step()
    trial = search.trials[0]
    assert trial.state is state
    assert reason in trial.reason
    assert trial.score == (None if happens == "deleted" else 0.4)
    assert search.found.best_number is None
    assert [each.number for each in search.running] == [2]


def test_a_run_that_a_person_resumes_leaves_the_verdict_on_its_trial(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store)
    search.step()
    run = search.claim()
    search.end(run, RunState.FAILED)
    search.step()
    store.runs.resume(run.id)
    again = [search.claim(), search.claim()]
    assert run.id in {each.id for each in again}
    for each in again:
        search.epochs(each, 0.9)
        search.finish(each)
    search.step()
    assert search.trials[0].state is TrialState.FAILED
    assert search.trials[1].state is TrialState.COMPLETED
    assert search.found.best_number == 2


def test_a_lost_run_that_is_resumed_by_itself_goes_on_as_the_same_trial(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store)
    search.step()
    run = search.claim()
    store.runs.lose(
        run.id, run.state, attempt=1, failure=Failure("killed", "Killed."), max_resumes=3
    )
    search.step()
    assert [trial.number for trial in search.running] == [1]
    search.train(0.5)
    search.step()
    assert search.trials[0].score == 0.5


def test_a_trial_that_trails_behind_is_pruned_and_keeps_its_curve(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store, pruning="aggressive", budget={"max_trials": 5})
    for accuracy in (0.5, 0.6, 0.7):
        search.step()
        search.train(accuracy, accuracy)
    search.step()
    poor = search.claim()
    search.epochs(poor, 0.2)
    search.step()
    assert store.runs.get(poor.id).state is RunState.STOPPING
    search.restart()
    search.end(poor, RunState.STOPPED)
    search.step()
    trial = search.trials[3]
    assert (trial.state, trial.score, trial.told_order) == (TrialState.PRUNED, 0.2, 4)
    assert "trailed" in trial.reason
    good = search.claim()
    search.epochs(good, 0.8)
    search.step()
    assert store.runs.get(good.id).state is RunState.RUNNING
    search.epochs(good, 0.8)
    search.finish(good)
    assert not search.step()
    assert search.found.best_number == 5


def test_of_several_seeds_the_mean_curve_is_judged(settings: Settings, store: Store) -> None:
    search = played(settings, store, pruning="aggressive", seeds=[1, 2])
    for _ in range(3):
        search.step()
        search.train(0.6, 0.6)
        search.train(0.6, 0.6)
    search.step()
    poor, other = search.claim(), search.claim()
    search.epochs(poor, 0.1)
    search.step()
    # The other seed has not come as far.
    assert store.runs.get(poor.id).state is RunState.RUNNING
    search.epochs(other, 0.9)
    search.step()
    assert [store.runs.get(run.id).state for run in (poor, other)] == [RunState.STOPPING] * 2
    search.end(poor, RunState.STOPPED)
    search.epochs(other, 0.9)
    search.finish(other)
    search.step()
    assert search.trials[3].state is TrialState.PRUNED


def test_tidying_keeps_the_best_trials_models_and_every_curve(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store, budget={"max_trials": 2})
    search.step()
    poor = search.train(0.5)
    search.step()
    good = search.train(0.9)
    search.step()
    assert tidy_search(settings, store, search.id) == len(poor.id)
    assert not (settings.run_folder(poor.id) / "best").exists()
    assert (settings.run_folder(good.id) / "best" / "best.keras").exists()
    assert (settings.search_folder(search.id) / "best.keras").exists()
    assert len(store.metrics.list([poor.id])) > 0
    assert tidy_search(settings, store, search.id) == 0
