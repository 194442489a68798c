"""A controller's looks, one by one: what is stored is the truth, whoever looks next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from core.errors import StaleController
from core.jobs.search_tidy import tidy_search
from core.settings import Settings
from core.spec import parse
from core.spec.files import read_experiment
from core.store.records import Failure, RunState
from core.store.search_records import MANUAL, SearchState, TrialState
from core.store.sql import Store
from tests.core.jobs.searching import ALGORITHMS, Played, played


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As controllers are started: a Gaussian process of a few points is slower on several."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / "results")})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as opened:
        yield opened


def score(values: dict[str, Any]) -> float:
    """Best at a rate of 0.01 and a batch of 32."""
    return 0.9 - abs(values["rate"] - 0.01) * 10 - abs(values["batch"] - 32) / 100


def play_to_the_end(search: Played, *, restart: bool = False) -> list[tuple[str, Any]]:
    """Train every trial by its values; a successor takes over before every look if asked."""
    while True:
        if restart:
            search.restart()
        if not search.step():
            return [(trial.key, trial.values) for trial in search.trials]
        for trial in search.running:
            run = search.claim()
            done = trial.initial_epoch
            search.epochs(run, *[score(trial.values)] * (run.epochs - done))
            search.finish(run)


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=list(ALGORITHMS))
def test_a_controller_that_dies_after_every_look_does_what_one_that_lives_does(
    algorithm: dict[str, Any], settings: Settings, store: Store
) -> None:
    fields: dict[str, Any] = {"algorithm": algorithm, "budget": {"max_trials": 7}}
    lived = played(settings, store, name="lived", **fields)
    expected = play_to_the_end(lived)
    died = played(settings, store, name="died", **fields)
    assert play_to_the_end(died, restart=True) == expected
    assert len(expected) == 7
    for search in (lived, died):
        assert search.found.state is SearchState.FINISHED
        assert search.found.reason == "All 7 trials are done."
        best = max(search.trials, key=lambda trial: (trial.score or 0, -trial.number))
        assert (search.found.best_number, search.found.best_score) == (best.number, best.score)


def test_no_more_trials_than_asked_for_are_in_flight(settings: Settings, store: Store) -> None:
    search = played(settings, store, budget={"max_trials": 5, "parallel": 2})
    assert search.step()
    assert [trial.number for trial in search.running] == [1, 2]
    search.train(0.5)
    search.step()
    assert [trial.number for trial in search.running] == [2, 3]
    values = [json.dumps(trial.values, sort_keys=True) for trial in search.trials]
    assert len(set(values)) == 3


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
    states = [run.state for run in store.runs(ids=search.trials[0].run_ids)]
    assert states == [RunState.FAILED, RunState.STOPPING, RunState.STOPPED]
    assert search.running
    search.restart()
    search.end(second, RunState.STOPPED)
    search.step()
    trial = search.trials[0]
    assert (trial.state, trial.reason) == (TrialState.FAILED, "The loss is no number.")
    assert [each.number for each in search.running] == [2]


def test_three_failures_in_a_row_pause_the_search_and_say_why(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store, budget={"max_trials": 9})
    for number in (1, 2, 3):
        assert search.step()
        assert [trial.number for trial in search.running] == [number]
        search.end(search.claim(), RunState.FAILED, "There is no room.")
    assert not search.step()
    assert search.found.state is SearchState.PAUSED
    assert "There is no room." in search.found.reason
    store.resume_search(search.id)
    assert search.step()
    assert len(search.running) == 1


def test_values_that_make_no_experiment_fail_as_a_trial(settings: Settings, store: Store) -> None:
    rates = {"kind": "choice", "values": [-1.0, -2.0, -3.0, -4.0]}
    parameter = {"name": "rate", "paths": ["training.learning_rate"], "range": rates}
    search = played(settings, store, parameters=[parameter], algorithm={"kind": "grid"})
    assert not search.step()
    assert [trial.state for trial in search.trials] == [TrialState.FAILED] * 3
    assert "learning_rate" in search.trials[0].reason
    assert search.found.state is SearchState.PAUSED
    assert store.runs() == []


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
        store.request_stop(run.id)
        search.end(run, RunState.STOPPED)
    if happens == "deleted":
        store.delete(run.id)
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
    store.resume(run.id)
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
    store.lose(run.id, run.state, attempt=1, failure=Failure("killed", "Killed."), max_resumes=3)
    search.step()
    assert [trial.number for trial in search.running] == [1]
    search.train(0.5)
    search.step()
    assert search.trials[0].score == 0.5


def test_a_trial_by_hand_goes_first_is_told_and_comes_on_top(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store, budget={"max_trials": 2}, algorithm={"kind": "grid"})
    search.step()
    by_hand = {"rate": 0.001, "batch": 32}
    store.enqueue_trial(search.id, by_hand, epochs=2)
    search.train(0.5)
    search.step()
    assert [trial.origin for trial in search.running] == [MANUAL]
    search.restart()
    search.train(0.9)
    search.step()
    # The grid's second combination is the one that was made by hand.
    assert search.trials[0].values == {"rate": 0.001, "batch": 16}
    assert search.trials[2].values == {"rate": 0.001, "batch": 64}
    search.train(0.1)
    assert not search.step()
    assert search.found.state is SearchState.FINISHED
    assert search.found.best_number == 2
    store.enqueue_trial(search.id, {"rate": 0.03, "batch": 64}, epochs=2)
    assert search.step()
    search.train(0.2)
    assert not search.step()
    assert search.found.num_done == 4


def test_a_budget_is_heeded_while_it_runs(settings: Settings, store: Store) -> None:
    search = played(settings, store, budget={"max_trials": 1})
    search.step()
    budget = search.found.budget
    store.set_budget(search.id, budget | {"max_trials": 4, "parallel": 3, "epochs": 1})
    search.step()
    assert [trial.epochs for trial in search.running] == [2, 1, 1]
    for _ in range(3):
        search.train(0.5)
    store.set_budget(search.id, budget | {"hours": 1e-9, "max_trials": 9})
    assert not search.step()
    assert search.found.state is SearchState.FINISHED
    assert "time" in search.found.reason
    store.set_budget(search.id, budget | {"max_trials": 4})
    store.resume_search(search.id)
    assert search.step()
    search.train(0.5)
    assert not search.step()
    assert len(search.trials) == 4
    assert "All 4 trials" in search.found.reason


def test_a_pause_lets_what_runs_go_on_and_needs_no_process_then(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store)
    search.step()
    store.pause_search(search.id)
    assert search.step()
    search.train(0.5)
    assert not search.step()
    assert [trial.state for trial in search.trials] == [TrialState.COMPLETED]
    assert search.found.best_number == 1
    store.resume_search(search.id)
    assert search.step()
    assert len(search.trials) == 2


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
    assert store.run(poor.id).state is RunState.STOPPING
    search.restart()
    search.end(poor, RunState.STOPPED)
    search.step()
    trial = search.trials[3]
    assert (trial.state, trial.score, trial.told_order) == (TrialState.PRUNED, 0.2, 4)
    assert "trailed" in trial.reason
    good = search.claim()
    search.epochs(good, 0.8)
    search.step()
    assert store.run(good.id).state is RunState.RUNNING
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
    assert store.run(poor.id).state is RunState.RUNNING
    search.epochs(other, 0.9)
    search.step()
    assert [store.run(run.id).state for run in (poor, other)] == [RunState.STOPPING] * 2
    search.end(poor, RunState.STOPPED)
    search.epochs(other, 0.9)
    search.finish(other)
    search.step()
    assert search.trials[3].state is TrialState.PRUNED


def test_an_ended_search_keeps_what_it_stopped(settings: Settings, store: Store) -> None:
    search = played(settings, store, budget={"max_trials": 9, "parallel": 2})
    search.step()
    run = search.claim()
    search.epochs(run, 0.7)
    store.end_search(search.id)
    assert search.step()
    search.end(run, RunState.STOPPED)
    assert not search.step()
    assert [trial.state for trial in search.trials] == [TrialState.STOPPED] * 2
    assert [trial.score for trial in search.trials] == [0.7, None]
    assert search.found.state is SearchState.FINISHED
    store.resume_search(search.id)
    assert search.step()
    assert len(search.running) == 2


def test_a_small_space_ends_when_it_is_exhausted(settings: Settings, store: Store) -> None:
    search = played(settings, store, algorithm={"kind": "grid"}, budget={"max_trials": 99})
    assert len(play_to_the_end(search)) == 12
    assert search.found.state is SearchState.FINISHED
    assert "12 combinations" in search.found.reason


def test_a_later_round_goes_on_where_the_earlier_one_ended(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store, algorithm=ALGORITHMS["hyperband"], budget={"max_trials": 99})
    play_to_the_end(search)
    later = [trial for trial in search.trials if trial.continues]
    assert later
    for trial in later:
        before = search.trials[(trial.continues or 0) - 1]
        run = store.run(trial.run_ids[0])
        assert run.continues_run == before.run_ids[0]
        assert (trial.initial_epoch, run.epochs) == (before.epochs, trial.epochs)
        assert trial.values == before.values
        # One training with one schedule, whichever round it is in.
        assert parse(run.config).training.epochs == 4
    assert "Hyperband" in search.found.reason


def test_an_old_controller_does_nothing_more(settings: Settings, store: Store) -> None:
    search = played(settings, store)
    old = search.control
    search.restart()
    with pytest.raises(StaleController):
        old.step()
    assert search.trials == []


def test_looks_that_find_nothing_new_change_nothing(settings: Settings, store: Store) -> None:
    search = played(settings, store, seeds=[1, 2])
    search.step()
    first = search.claim()
    search.claim()
    search.end(first, RunState.FAILED)
    search.step()
    seen = store.revision()
    search.step()
    assert store.revision() == seen


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
    assert len(store.metrics([poor.id])) > 0
    assert tidy_search(settings, store, search.id) == 0
