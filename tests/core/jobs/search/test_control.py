"""A controller's looks, one by one: what is stored is the truth, whoever looks next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from core.errors import StaleController
from core.records.runs import RunState
from core.records.searches import MANUAL, ORACLE, SearchState, TrialState
from core.settings import Settings
from core.spec import parse
from core.store.store import Store
from tests.core.jobs.searching import ALGORITHMS, Played, played


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As controllers are started: a Gaussian process of a few points is slower on several."""
    with threadpool_limits(1):
        yield


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
    store.searches.resume(search.id)
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
    assert store.runs.list() == []


def test_a_trial_by_hand_goes_first_is_told_and_comes_on_top(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store, budget={"max_trials": 2}, algorithm={"kind": "grid"})
    search.step()
    by_hand = {"rate": 0.001, "batch": 32}
    store.searches.enqueue_trial(search.id, by_hand, epochs=2)
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
    store.searches.enqueue_trial(search.id, {"rate": 0.03, "batch": 64}, epochs=2)
    assert search.step()
    search.train(0.2)
    assert not search.step()
    assert search.found.num_done == 4


def test_a_budget_is_heeded_while_it_runs(settings: Settings, store: Store) -> None:
    search = played(settings, store, budget={"max_trials": 1})
    search.step()
    budget = search.found.budget
    store.searches.set_budget(search.id, budget | {"max_trials": 4, "parallel": 3, "epochs": 1})
    search.step()
    assert [trial.epochs for trial in search.running] == [2, 1, 1]
    for _ in range(3):
        search.train(0.5)
    store.searches.set_budget(search.id, budget | {"hours": 1e-9, "max_trials": 9})
    assert not search.step()
    assert search.found.state is SearchState.FINISHED
    assert "time" in search.found.reason
    store.searches.set_budget(search.id, budget | {"max_trials": 4})
    store.searches.resume(search.id)
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
    store.searches.pause(search.id)
    assert search.step()
    search.train(0.5)
    assert not search.step()
    assert [trial.state for trial in search.trials] == [TrialState.COMPLETED]
    assert search.found.best_number == 1
    store.searches.resume(search.id)
    assert search.step()
    assert len(search.trials) == 2


def test_an_ended_search_keeps_what_it_stopped(settings: Settings, store: Store) -> None:
    search = played(settings, store, budget={"max_trials": 9, "parallel": 2})
    search.step()
    run = search.claim()
    search.epochs(run, 0.7)
    store.searches.end(search.id)
    assert search.step()
    search.end(run, RunState.STOPPED)
    assert not search.step()
    assert [trial.state for trial in search.trials] == [TrialState.STOPPED] * 2
    assert [trial.score for trial in search.trials] == [0.7, None]
    assert search.found.state is SearchState.FINISHED
    store.searches.resume(search.id)
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
        run = store.runs.get(trial.run_ids[0])
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


@pytest.mark.parametrize("algorithm", ["random", "grid", "hyperband"])
def test_looks_that_find_nothing_new_change_nothing(
    algorithm: str, settings: Settings, store: Store
) -> None:
    search = played(
        settings,
        store,
        algorithm=ALGORITHMS[algorithm],
        budget={"max_trials": 3, "parallel": 4},
        seeds=[1, 2],
    )
    search.step()
    first, _ = search.claim(), search.claim()
    search.end(first, RunState.FAILED)
    search.step()
    seen = store.revision()
    search.step()
    search.step()
    assert store.revision() == seen
    assert search.found.state is SearchState.RUNNING


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=list(ALGORITHMS))
def test_values_enqueued_by_hand_and_stopped_before_they_began_hold_nothing_up(
    algorithm: dict[str, Any], settings: Settings, store: Store
) -> None:
    fields: dict[str, Any] = {"algorithm": algorithm, "budget": {"max_trials": 4}}
    alone = play_to_the_end(played(settings, store, name="alone", **fields))
    search = played(settings, store, name="disturbed", **fields)
    for _, values in alone:
        if values not in [trial.values for trial in search.trials]:
            store.searches.enqueue_trial(search.id, values, epochs=2)
            store.searches.stop_trial(search.id, search.trials[-1].number)
    stopped = len(search.trials)
    assert play_to_the_end(search)[stopped:] == alone


def test_an_ended_search_goes_on_for_a_trial_by_hand_and_no_further(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store, budget={"max_trials": 9})
    search.step()
    search.train(0.5)
    store.searches.end(search.id)
    store.searches.enqueue_trial(search.id, {"rate": 0.03, "batch": 64}, epochs=2)
    search.restart()
    search.step()
    search.train(0.6)
    assert not search.step()
    assert [trial.origin for trial in search.trials] == [ORACLE, MANUAL]
    assert search.found.state is SearchState.FINISHED
    store.searches.set_budget(search.id, {"max_trials": 3})
    store.searches.resume(search.id)
    search.step()
    assert len(search.trials) == 3


def test_equal_numbers_of_another_type_are_passed_over(settings: Settings, store: Store) -> None:
    """Enqueued by hand as 0, which the choice of 0.0 and 0.5 does not list."""
    rates = {
        "name": "rate",
        "paths": ["model.regularization.conv_dropout"],
        "range": {"kind": "choice", "values": [0.0, 0.5]},
    }
    search = played(settings, store, parameters=[rates], budget={"max_trials": 3})
    store.searches.enqueue_trial(search.id, {"rate": 0}, epochs=2)
    for _ in range(2):
        assert search.step()
        search.train(0.5)
    search.step()
    assert [trial.values for trial in search.trials] == [{"rate": 0}, {"rate": 0.5}]
    assert search.found.state is SearchState.FINISHED


def test_values_by_hand_that_no_experiment_takes_any_more_end_their_trial_alone(
    settings: Settings, store: Store
) -> None:
    search = played(settings, store, budget={"max_trials": 2})
    store.searches.enqueue_trial(search.id, {"rate": -1.0, "batch": 16}, epochs=2)
    for _ in range(2):
        assert search.step()
        search.restart()
        search.train(0.5)
    search.step()
    assert [trial.state for trial in search.trials] == [
        TrialState.FAILED,
        TrialState.COMPLETED,
        TrialState.COMPLETED,
    ]
    assert search.found.state is SearchState.FINISHED
