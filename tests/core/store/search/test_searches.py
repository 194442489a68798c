"""Searches and their trials: one name each, one controller at a time, ended trials for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from core.errors import (
    InvalidExperiment,
    SearchNotFound,
    SearchStateError,
    StaleController,
    StoreError,
)
from core.records.runs import RunState
from core.records.searches import AWAY_S, MANUAL, ORACLE, SearchState, TrialState
from core.store import tables
from core.store.search.controllers import NewTrial
from core.store.store import Store
from tests.core.store.lives import epoch, queued
from tests.core.store.searching import (
    BUDGET,
    CONFIG,
    begun,
    controlled,
    ended,
    experiment,
    run_states,
)


def test_a_search_is_found_by_name_id_and_the_ids_start(store: Store) -> None:
    first = store.searches.add("rates", CONFIG, BUDGET, preset="lab_search")
    second = store.searches.add("widths", CONFIG, BUDGET)
    for reference in ("rates", first.id, first.id[:8], first.id[:8].upper(), " rates "):
        assert store.searches.get(reference) == first
    assert store.searches.list() == [first, second]
    assert (first.state, first.config, first.preset) == (
        SearchState.RUNNING,
        CONFIG,
        "lab_search",
    )
    for reference in ("", "nothing", "zz", "%"):
        with pytest.raises(SearchNotFound):
            store.searches.get(reference)


def test_a_name_that_is_anothers_id_takes_nothing_from_it(store: Store) -> None:
    first = store.searches.add("rates", CONFIG, BUDGET)
    named_so = store.searches.add(first.id, CONFIG, BUDGET)
    assert store.searches.get(first.id) == first
    by_start = store.searches.add(first.id[:6], CONFIG, BUDGET)
    assert store.searches.get(first.id[:6]) == by_start
    assert store.searches.get(named_so.id) == named_so


@pytest.mark.parametrize("name", ["rates", "  rates ", "", "   "])
def test_a_name_that_is_taken_or_empty_is_refused_at_its_field(store: Store, name: str) -> None:
    store.searches.add("rates", CONFIG, BUDGET)
    other = store.searches.add("other", CONFIG, BUDGET)
    with pytest.raises(InvalidExperiment) as caught:
        store.searches.add(name, CONFIG, BUDGET)
    assert caught.value.field == "name"
    with pytest.raises(InvalidExperiment):
        store.searches.rename(other.id, name)
    assert len(store.searches.list()) == 2
    assert store.searches.rename(other.id, "other").name == "other"


def test_a_trial_and_its_runs_begin_together(store: Store) -> None:
    search, generation = controlled(store)
    trial = begun(store, search, generation, rate=0.1)
    runs = store.runs.list(ids=trial.run_ids)
    assert [run.seed for run in runs] == [1, 2]
    assert [(run.search_id, run.trial_number) for run in runs] == [(search.id, 1)] * 2
    assert [run.id for run in store.runs.queue()] == list(trial.run_ids)
    assert (trial.state, trial.origin, trial.epochs) == (TrialState.RUNNING, ORACLE, 3)
    assert store.runs.list(include_trials=False) == []
    assert store.searches.get(search.id).num_trials == 1


def test_one_combination_never_makes_two_trials(store: Store) -> None:
    search, generation = controlled(store)
    begun(store, search, generation, rate=0.1)
    again = NewTrial("another", {"rate": 0.1})
    assert store.controllers.begin_trial(search.id, generation, again, experiment()) is None
    same_key = NewTrial(store.searches.trial(search.id, 1).key, {"rate": 0.2})
    with pytest.raises(StoreError, match="UNIQUE"):
        store.controllers.begin_trial(search.id, generation, same_key, experiment())
    assert len(store.searches.trials(search.id)) == 1
    assert len(store.runs.list()) == 2


def test_every_write_of_an_old_controller_is_refused(store: Store) -> None:
    search, old = controlled(store)
    begun(store, search, old, rate=0.1)
    assert store.controllers.claim(search.id, old) == 2
    assert store.controllers.claim(search.id, old) is None
    new = NewTrial("x", {"rate": 0.2})
    for write in (
        lambda: store.controllers.begin_trial(search.id, old, new, experiment()),
        lambda: store.controllers.refuse_trial(search.id, old, new, "bad", max_failures=3),
        lambda: ended(store, search, old, 1, TrialState.COMPLETED, score=1.0),
        lambda: store.controllers.stop_trial_runs(search.id, old, 1, TrialState.PRUNED, "poor"),
        lambda: store.controllers.finish(search.id, old, "done"),
        lambda: store.controllers.fail(search.id, old, "broken"),
        lambda: store.controllers.heartbeat(search.id, old),
        lambda: store.controllers.attach(search.id, old, pid=1, pid_created_at=0.0),
    ):
        with pytest.raises(StaleController):
            write()
    assert [trial.state for trial in store.searches.trials(search.id)] == [TrialState.RUNNING]


def test_an_ended_trial_never_changes(store: Store) -> None:
    search, generation = controlled(store)
    begun(store, search, generation, rate=0.1)
    ended(store, search, generation, 1, TrialState.COMPLETED, score=0.5, is_best=True)
    ended(store, search, generation, 1, TrialState.FAILED, reason="late")
    store.controllers.stop_trial_runs(search.id, generation, 1, TrialState.PRUNED, "late")
    with pytest.raises(SearchStateError):
        store.searches.stop_trial(search.id, 1)
    trial = store.searches.trial(search.id, 1)
    assert (trial.state, trial.score, trial.told_order) == (TrialState.COMPLETED, 0.5, 1)
    found = store.searches.get(search.id)
    assert (found.best_number, found.best_score, found.num_done) == (1, 0.5, 1)


def test_three_failures_in_a_row_pause_and_a_success_between_forgives(store: Store) -> None:
    search, generation = controlled(store)
    verdicts = [
        TrialState.FAILED,
        TrialState.FAILED,
        TrialState.COMPLETED,
        TrialState.FAILED,
        TrialState.STOPPED,
        TrialState.FAILED,
    ]
    for number, state in enumerate(verdicts, start=1):
        begun(store, search, generation, rate=number)
        found = ended(store, search, generation, number, state, reason="it burst")
        assert found.state is SearchState.RUNNING
    found = store.controllers.refuse_trial(
        search.id, generation, NewTrial("x", {"rate": 99}), "no such filter", max_failures=3
    )
    assert found.state is SearchState.PAUSED
    assert "no such filter" in found.reason
    assert "3 trials failed in a row" in found.reason
    assert store.searches.resume(search.id).failures == 0


def test_a_paused_search_begins_no_trial_and_one_in_flight_can_end(store: Store) -> None:
    search, generation = controlled(store)
    begun(store, search, generation, rate=0.1)
    store.searches.pause(search.id)
    new = NewTrial("x", {"rate": 0.2})
    assert store.controllers.begin_trial(search.id, generation, new, experiment()) is None
    assert [each.id for each in store.controllers.active_searches()] == [search.id]
    ended(store, search, generation, 1, TrialState.COMPLETED, score=0.5)
    assert store.controllers.active_searches() == []
    assert store.searches.get(search.id).state is SearchState.PAUSED
    store.searches.resume(search.id)
    assert store.controllers.begin_trial(search.id, generation, new, experiment()) is not None


def test_ending_stops_what_runs_and_what_waits(store: Store) -> None:
    search, generation = controlled(store)
    trial = begun(store, search, generation, rate=0.1)
    store.runs.claim_next("cpu")
    store.searches.enqueue_trial(search.id, {"rate": 0.2}, epochs=3)
    found = store.searches.end(search.id)
    assert found.state is SearchState.FINISHED
    assert "by hand" in found.reason
    assert run_states(store, trial) == [RunState.STOPPING, RunState.STOPPED]
    first, second = store.searches.trials(search.id)
    assert (first.state, first.verdict) == (TrialState.RUNNING, TrialState.STOPPED)
    assert second.state is TrialState.STOPPED
    assert [each.id for each in store.controllers.active_searches()] == [search.id]
    assert store.searches.end(search.id).state is SearchState.FINISHED


def test_a_search_with_trials_at_work_does_not_finish(store: Store) -> None:
    search, generation = controlled(store)
    begun(store, search, generation, rate=0.1)
    assert not store.controllers.finish(search.id, generation, "done")
    ended(store, search, generation, 1, TrialState.COMPLETED, score=0.5)
    waiting = store.searches.enqueue_trial(search.id, {"rate": 0.2}, epochs=3)
    assert not store.controllers.finish(search.id, generation, "done")
    store.searches.stop_trial(search.id, waiting.number)
    assert store.controllers.finish(search.id, generation, "done")
    assert store.searches.get(search.id).reason == "done"


def test_a_trial_by_hand_waits_starts_once_and_opens_an_ended_search(store: Store) -> None:
    search, generation = controlled(store)
    store.controllers.finish(search.id, generation, "done")
    trial = store.searches.enqueue_trial(search.id, {"rate": 0.2}, epochs=3)
    assert (trial.state, trial.origin, trial.run_ids) == (TrialState.QUEUED, MANUAL, ())
    assert store.searches.get(search.id).state is SearchState.RUNNING
    with pytest.raises(SearchStateError, match="Trial 1"):
        store.searches.enqueue_trial(search.id, {"rate": 0.2}, epochs=3)
    assert (
        store.controllers.begin_enqueued(search.id, generation, 1, "1.0m", experiment(epochs=4))
        is not None
    )
    assert store.controllers.begin_enqueued(search.id, generation, 1, "1.0m", experiment()) is None
    begun_trial = store.searches.trial(search.id, 1)
    assert (begun_trial.num_runs, begun_trial.epochs) == (1, 4)
    with pytest.raises(SearchNotFound):
        store.searches.trial(search.id, 2)


def test_a_later_round_names_the_run_of_each_seed_that_it_continues(store: Store) -> None:
    search, generation = controlled(store)
    first = begun(store, search, generation, rate=0.1)
    new = NewTrial("later", {"rate": 0.1}, epochs=9, initial_epoch=3, continues=1)
    later = store.controllers.begin_trial(
        search.id, generation, new, experiment(seeds=(2, 1), epochs=9)
    )
    assert later is not None
    runs = {run.seed: run for run in store.runs.list(ids=later.run_ids)}
    assert [runs[seed].continues_run for seed in (1, 2)] == list(first.run_ids)
    assert (later.continues, later.initial_epoch, runs[1].epochs) == (1, 3, 9)


def test_time_counts_while_it_runs_only(store: Store) -> None:
    search, _ = controlled(store)
    later = search.started_at + timedelta(hours=2)
    assert replace(search, heartbeat_at=later).seconds_spent(later) == pytest.approx(7200)
    paused = store.searches.pause(search.id)
    assert paused.seconds_spent(later) == paused.seconds_before < 60
    resumed = store.searches.resume(search.id)
    assert resumed.seconds_spent(datetime.now(UTC)) < 60
    assert resumed.seconds_before == paused.seconds_before


@pytest.mark.parametrize("returns", ["the same controller", "a new one"])
def test_hours_when_nobody_was_at_work_are_not_spent(store: Store, returns: str) -> None:
    search, generation = controlled(store)
    began = datetime.now(UTC) - timedelta(hours=3)
    fell_asleep = began + timedelta(hours=1)
    columns = {"started_at": began, "heartbeat_at": fell_asleep}
    with store.database.write() as connection:
        connection.execute(update(tables.search).values(**columns))
    spent = pytest.approx(3600 + AWAY_S, abs=30)
    assert store.searches.get(search.id).seconds_spent(datetime.now(UTC)) == spent
    if returns == "a new one":
        assert store.controllers.claim(search.id, generation) == generation + 1
    else:
        store.controllers.heartbeat(search.id, generation)
    assert store.searches.get(search.id).seconds_spent(datetime.now(UTC)) == spent
    assert store.searches.pause(search.id).seconds_before == spent


def test_deleting_takes_trials_and_their_runs_and_leaves_promoted_ones(store: Store) -> None:
    search, generation = controlled(store)
    other = queued(store)[0]
    trial = begun(store, search, generation, rate=0.1)
    with pytest.raises(SearchStateError, match="at work"):
        store.searches.delete(search.id)
    store.searches.end(search.id)
    promoted = store.searches.add_promoted(search.id, [(1, experiment(seeds=(7, 8)))])
    assert [run.seed for run in promoted] == [7, 8]
    assert store.searches.trial(search.id, 1).run_ids == trial.run_ids
    assert set(store.searches.delete(search.id)) == set(trial.run_ids)
    assert {run.id for run in store.runs.list()} == {other.id, *(run.id for run in promoted)}
    assert {run.search_id for run in store.runs.list()} == {None}
    with pytest.raises(SearchNotFound):
        store.searches.delete(search.id)


def test_a_page_notices_every_change_and_no_heartbeat(store: Store) -> None:
    search, generation = controlled(store)
    seen = store.revision()
    for change in (
        lambda: begun(store, search, generation, rate=0.1),
        lambda: ended(store, search, generation, 1, TrialState.COMPLETED, score=0.5),
        lambda: store.searches.set_budget(search.id, {"max_trials": 9}),
        lambda: store.searches.pause(search.id),
        lambda: store.searches.resume(search.id),
        lambda: store.searches.enqueue_trial(search.id, {"rate": 0.3}, epochs=1),
        lambda: store.searches.rename(search.id, "better"),
    ):
        change()
        assert store.revision() > seen
        seen = store.revision()
    store.controllers.heartbeat(search.id, generation)
    assert store.revision() == seen


def test_deleted_runs_leave_the_trial_what_it_scored(store: Store) -> None:
    search, generation = controlled(store)
    trial = begun(store, search, generation, rate=0.1)
    run = store.runs.claim_next("cpu")
    assert run is not None
    store.metrics.save_epoch(run.id, run.attempt, epoch(1))
    store.runs.end(run.id, run.attempt, RunState.FINISHED, reason="done")
    ended(store, search, generation, 1, TrialState.COMPLETED, score=0.1)
    store.runs.delete(run.id)
    found = store.searches.trial(search.id, 1)
    assert found.run_ids == trial.run_ids[1:]
    assert (found.num_runs, found.score) == (2, 0.1)
