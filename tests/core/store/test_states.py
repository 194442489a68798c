"""A run's state changes in one place, only as allowed, and never without its event."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from core.errors import ConvscopeError, RunNotFound, RunStateError, StaleAttempt
from core.records.runs import RESUMABLE_STATES, TRANSITIONS, EventKind, Failure, RunState
from core.settings import Settings
from core.store import tables
from core.store.store import Store
from tests.core.store.lives import epoch, in_state, queued, running


@pytest.mark.parametrize(("before", "after"), list(product(RunState, RunState)))
def test_only_the_drawn_transitions_are_allowed(
    store: Store, before: RunState, after: RunState
) -> None:
    run = in_state(store, before)
    if after in TRANSITIONS[before]:
        assert store.runs.transition(run.id, before, after, attempt=run.attempt, reason="why not")
        assert store.runs.get(run.id).state is after
        event = store.runs.events(run.id)[-1]
        assert (event.before, event.after, event.reason) == (before, after, "why not")
        assert event.kind is EventKind.of_change(before, after)
        assert event.kind not in {EventKind.NOTE, EventKind.SUBMITTED}
    else:
        events = store.runs.events(run.id)
        with pytest.raises(RunStateError):
            store.runs.transition(run.id, before, after, attempt=run.attempt, reason="why not")
        assert store.runs.get(run.id).state is before
        assert store.runs.events(run.id) == events


def test_a_transition_from_another_state_or_attempt_changes_nothing(store: Store) -> None:
    run = running(store)
    events = store.runs.events(run.id)
    for before, attempt in ((RunState.STOPPING, 1), (RunState.RUNNING, 2)):
        assert not store.runs.transition(
            run.id, before, RunState.FINISHED, attempt=attempt, reason="too late"
        )
    assert store.runs.get(run.id).state is RunState.RUNNING
    assert store.runs.events(run.id) == events


def test_a_claimed_run_is_claimed_once_and_in_order(store: Store) -> None:
    first, second = queued(store, seeds=(1, 2))
    claimed = store.runs.claim_next("gpu:0")
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.device) == (first.id, RunState.RUNNING, "gpu:0")
    assert claimed.started_at is not None
    next_one = store.runs.claim_next("gpu:1")
    assert next_one is not None
    assert next_one.id == second.id
    assert store.runs.claim_next("gpu:2") is None


def test_stop_in_the_queue_ends_the_run_at_once(store: Store) -> None:
    run = queued(store)[0]
    assert store.runs.request_stop(run.id) is RunState.STOPPED
    assert store.runs.claim_next("cpu") is None
    assert store.runs.get(run.id).finished_at is not None


def test_stop_while_running_is_a_flag_and_asking_twice_is_harmless(store: Store) -> None:
    run = running(store)
    assert not store.trainers.stop_requested(run.id, 1)
    assert store.runs.request_stop(run.id) is RunState.STOPPING
    assert store.runs.request_stop(run.id) is RunState.STOPPING
    assert store.trainers.stop_requested(run.id, 1)
    assert store.runs.get(run.id).stop_requested
    assert [event.after for event in store.runs.events(run.id)].count(RunState.STOPPING) == 1


def test_a_run_that_ended_cannot_be_stopped(store: Store) -> None:
    run = in_state(store, RunState.FINISHED)
    with pytest.raises(RunStateError, match="finished"):
        store.runs.request_stop(run.id)


@pytest.mark.parametrize("state", list(RunState))
def test_resume_makes_a_new_attempt_of_an_ended_run_only(store: Store, state: RunState) -> None:
    run = in_state(store, state)
    if state not in RESUMABLE_STATES:
        with pytest.raises(RunStateError):
            store.runs.resume(run.id)
        return
    other = queued(store)[0]
    again = store.runs.resume(run.id)
    assert (again.state, again.attempt, again.failure) == (RunState.QUEUED, run.attempt + 1, None)
    assert not again.stop_requested
    assert [each.id for each in store.runs.queue()] == [other.id, run.id]


def test_a_lost_run_resumes_by_itself_only_so_often_and_keeps_its_place(store: Store) -> None:
    run, later = running(store), queued(store)[0]
    gone = Failure("killed", "It was killed.", epoch=1)
    for count in (1, 2, 3):
        assert store.runs.lose(run.id, RunState.RUNNING, attempt=count, failure=gone, max_resumes=3)
        assert [each.id for each in store.runs.queue()] == [run.id, later.id]
        claimed = store.runs.claim_next("cpu")
        assert claimed is not None
        assert (claimed.id, claimed.attempt, claimed.auto_resumes) == (run.id, count + 1, count)
        assert not store.runs.lose(
            run.id, RunState.RUNNING, attempt=count, failure=gone, max_resumes=3
        )
    assert store.runs.lose(run.id, RunState.RUNNING, attempt=4, failure=gone, max_resumes=3)
    lost = store.runs.get(run.id)
    assert (lost.state, lost.failure, lost.auto_resumes) == (RunState.LOST, gone, 3)
    states = [event.after for event in store.runs.events(run.id)]
    assert states == [RunState.QUEUED, RunState.RUNNING, RunState.LOST] * 4
    assert store.runs.resume(run.id).auto_resumes == 0


def test_a_stale_attempt_is_refused_everywhere(store: Store) -> None:
    run = in_state(store, RunState.LOST)
    store.runs.resume(run.id)
    claimed = store.runs.claim_next("cpu")
    assert claimed is not None
    stale = run.attempt
    for write in (
        lambda: store.trainers.heartbeat(run.id, stale),
        lambda: store.trainers.stop_requested(run.id, stale),
        lambda: store.metrics.save_epoch(run.id, stale, epoch(1)),
        lambda: store.metrics.replace_history(run.id, stale, [epoch(1)]),
        lambda: store.trainers.set_engine(run.id, stale, "jax"),
        lambda: store.trainers.attach(run.id, stale, pid=1, pid_created_at=0.0),
        lambda: store.runs.end(run.id, stale, RunState.FINISHED, reason="too late"),
    ):
        with pytest.raises(StaleAttempt):
            write()
    assert store.metrics.list([run.id]) == []
    assert store.runs.get(run.id).state is RunState.RUNNING


def test_a_finished_run_takes_no_more_epochs_but_names_tags_notes_and_test_scores(
    store: Store,
) -> None:
    run = in_state(store, RunState.FINISHED)
    with pytest.raises(StaleAttempt):
        store.metrics.save_epoch(run.id, run.attempt, epoch(1))
    store.runs.rename(run.id, "new name")
    store.runs.set_tags(run.id, ["a", " a ", "", "b"])
    store.runs.set_notes(run.id, "worth it")
    store.runs.archive(run.id)
    store.metrics.save_test_metrics(run.id, 3, {"accuracy": 0.8})
    after = store.runs.get(run.id)
    assert (after.name, after.tags, after.notes) == ("new name", ("a", "b"), "worth it")
    assert after.archived
    assert [metric.value for metric in store.metrics.list([run.id])] == [0.8]


def test_a_failure_is_kept_with_its_last_words(store: Store) -> None:
    run = running(store)
    failure = Failure("nan_loss", "The loss is no number.", "x" * 50_000 + "the end", 2)
    store.runs.end(run.id, 1, RunState.FAILED, reason=failure.message, failure=failure)
    kept = store.runs.get(run.id).failure
    assert kept is not None
    assert (kept.code, kept.message, kept.epoch) == ("nan_loss", "The loss is no number.", 2)
    assert kept.traceback.endswith("the end")
    assert len(kept.traceback) <= 20_000


def test_an_active_run_cannot_be_deleted_and_a_deleted_one_leaves_nothing(store: Store) -> None:
    run = running(store)
    store.metrics.save_epoch(run.id, 1, epoch(1))
    with pytest.raises(RunStateError, match="Stop it"):
        store.runs.delete(run.id)
    store.runs.end(run.id, 1, RunState.FAILED, reason="x")
    store.runs.delete(run.id)
    assert store.metrics.list([run.id]) == []
    assert store.runs.events(run.id) == []
    with pytest.raises(RunNotFound):
        store.runs.get(run.id)
    with pytest.raises(StaleAttempt):
        store.trainers.heartbeat(run.id, 1)


VERBS = st.sampled_from(["claim", "stop", "finish", "fail", "lose", "stopped", "resume", "epoch"])


@given(st.lists(VERBS, max_size=14))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_done_the_events_tell_a_life_that_is_allowed(
    settings: Settings, verbs: list[str]
) -> None:
    with Store.open(settings) as store:
        run = queued(store)[0]
        for verb in verbs:
            _do(store, run.id, verb)
        after = store.runs.get(run.id)
        states = [event.after for event in store.runs.events(run.id)]
        assert states[-1] is after.state
        for before, later in pairwise(states):
            assert later in TRANSITIONS[before]
        assert after.attempt == 1 + sum(state is RunState.QUEUED for state in states[1:])
        if after.state is RunState.QUEUED:
            store.runs.request_stop(run.id)  # the next example must not claim it


def _do(store: Store, run_id: str, verb: str) -> None:
    ends = {
        "finish": RunState.FINISHED,
        "fail": RunState.FAILED,
        "lose": RunState.LOST,
        "stopped": RunState.STOPPED,
    }
    attempt = store.runs.get(run_id).attempt
    try:
        if verb == "claim":
            store.runs.claim_next("cpu")
        elif verb == "stop":
            store.runs.request_stop(run_id)
        elif verb == "resume":
            store.runs.resume(run_id)
        elif verb == "epoch":
            store.metrics.save_epoch(run_id, attempt, epoch(1))
        else:
            store.runs.end(run_id, attempt, ends[verb], reason=verb)
    except ConvscopeError:
        return  # refused: the state must then be as it was, which the events show


def test_an_event_of_an_older_trainer_has_the_kind_of_its_change(store: Store) -> None:
    """Trainers that are older than the kinds insert events without one."""
    run = in_state(store, RunState.FINISHED)
    with store.database.write() as connection:
        connection.execute(update(tables.run_event).values(kind=EventKind.NOTE))
    kinds = [event.kind for event in store.runs.events(run.id)]
    assert kinds == [EventKind.SUBMITTED, EventKind.STARTED, EventKind.FINISHED]
