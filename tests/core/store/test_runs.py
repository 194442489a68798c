"""Runs as people handle them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import InvalidText, RunNotFound, RunStateError, StoreError
from core.records.phases import Phase
from core.records.runs import Artifact, Progress, RunState
from core.spec import parse
from core.store.store import Store
from tests.core.store.lives import in_state, queued, running


def test_one_run_a_seed_that_remembers_its_experiment(store: Store) -> None:
    experiment = parse({"name": "mine", "notes": "n", "seeds": [3, 5]})
    first, second = store.runs.add(experiment, preset="basic_cnn", tags=["lab"])
    assert (first.seed, second.seed) == (3, 5)
    assert first.group_id == second.group_id
    assert first.digest != second.digest
    assert parse(second.config) == experiment.for_seed(5)
    assert (first.name, first.preset, first.tags, first.notes) == (
        "mine",
        "basic_cnn",
        ("lab",),
        "n",
    )
    assert first.created_at.tzinfo is not None
    assert store.runs.events(first.id)[0].after is RunState.QUEUED


def test_several_experiments_are_queued_together_in_their_order(store: Store) -> None:
    wide, base = parse({"name": "wide", "seeds": [1, 2]}), parse({"name": "base"})
    tags = (each for each in ["lab"])  # read once: every run has them all the same
    runs = store.runs.add_together([(wide, "batch_norm"), (base, None)], tags=tags)
    assert [(run.name, run.seed, run.preset) for run in runs] == [
        ("wide", 1, "batch_norm"),
        ("wide", 2, "batch_norm"),
        ("base", 1, None),
    ]
    assert len({run.group_id for run in runs}) == 1
    assert {run.tags for run in runs} == {("lab",)}
    assert [run.id for run in store.runs.queue()] == [run.id for run in runs]


def test_a_beginning_of_an_id_that_fits_one_run_is_enough(store: Store) -> None:
    run = queued(store)[0]
    assert store.runs.get(run.id[:10]) == run
    assert store.runs.get(run.id.upper()) == run


@pytest.mark.parametrize("reference", ["", "%", "_", "no such run", "f" * 40, "'; DROP TABLE run"])
def test_an_unknown_id_is_not_found(store: Store, reference: str) -> None:
    queued(store)
    with pytest.raises(RunNotFound):
        store.runs.get(reference)


def test_an_ambiguous_beginning_is_not_found(store: Store) -> None:
    runs = [queued(store)[0] for _ in range(17)]  # two of seventeen share their first digit
    digits = [run.id[0] for run in runs]
    shared = next(digit for digit in digits if digits.count(digit) > 1)
    with pytest.raises(RunNotFound, match="Several"):
        store.runs.get(shared)


def test_runs_by_state_by_id_and_without_the_archived(store: Store) -> None:
    finished, waiting = in_state(store, RunState.FINISHED), queued(store)[0]
    assert [run.id for run in store.runs.list()] == [finished.id, waiting.id]
    assert [run.id for run in store.runs.list(ids=[waiting.id, finished.id])] == [
        waiting.id,
        finished.id,
    ]
    assert [run.id for run in store.runs.list(states=[RunState.QUEUED])] == [waiting.id]
    store.runs.archive(finished.id)
    assert [run.id for run in store.runs.list(include_archived=False)] == [waiting.id]
    with pytest.raises(RunNotFound):
        store.runs.list(ids=["0" * 32])


@pytest.mark.parametrize(
    ("index", "expected"), [(0, "cab"), (1, "acb"), (2, "abc"), (99, "abc"), (-5, "cab")]
)
def test_a_queued_run_moves_to_a_place(store: Store, index: int, expected: str) -> None:
    names = dict(zip("abc", queued(store, seeds=(1, 2, 3)), strict=True))
    store.runs.move_in_queue(names["c"].id, index)
    letters = {run.id: letter for letter, run in names.items()}
    assert "".join(letters[run.id] for run in store.runs.queue()) == expected
    claimed = store.runs.claim_next("cpu")
    assert claimed is not None
    assert letters[claimed.id] == expected[0]


def test_a_running_run_is_not_in_the_queue(store: Store) -> None:
    run = running(store)
    with pytest.raises(RunStateError):
        store.runs.move_in_queue(run.id, 0)


def test_progress_comes_back_with_its_time_and_goes_at_the_end(store: Store) -> None:
    run = running(store)
    progress = Progress(
        Phase.TRAINING, 2, 5, 20, None, 3.5, {"loss": float("nan"), "accuracy": 0.5}
    )
    store.trainers.save_progress(run.id, 1, progress)
    found = store.runs.get(run.id).progress
    assert found is not None
    assert found.at is not None
    assert abs((datetime.now(UTC) - found.at).total_seconds()) < 60
    assert found.metrics is not None
    assert found.metrics["loss"] != found.metrics["loss"]
    assert replace(found, at=None, metrics=None) == replace(progress, metrics=None)
    store.runs.end(run.id, 1, RunState.FINISHED, reason="done")
    assert store.runs.get(run.id).progress is None


def test_artifacts_of_one_kind_and_path_are_replaced(store: Store) -> None:
    run = running(store)
    artifact = Artifact(run.id, "best_model", "best/best.keras", 1, 10, "0" * 64, datetime.now(UTC))
    store.artifacts.save(1, artifact)
    store.artifacts.save(1, replace(artifact, epoch=4, num_bytes=2**40))
    assert [(a.epoch, a.num_bytes) for a in store.artifacts.list(run.id)] == [(4, 2**40)]
    store.artifacts.forget(run.id, 1, "best_model", "best/best.keras")
    assert store.artifacts.list(run.id) == []


def test_names_are_needed_and_slots_are_bounded(store: Store) -> None:
    run = queued(store)[0]
    with pytest.raises(InvalidText):
        store.runs.rename(run.id, "  ")
    assert store.settings.cpu_slots() == 1
    store.settings.set_cpu_slots(3)
    assert store.settings.cpu_slots() == 3
    for wrong in (0, -1, 65):
        with pytest.raises(StoreError):
            store.settings.set_cpu_slots(wrong)
    with pytest.raises(RunNotFound):
        store.runs.rename("0" * 32, "name")


def test_the_revision_grows_with_what_a_page_shows_and_not_with_heartbeats(store: Store) -> None:
    seen = [store.revision()]
    run = running(store)
    seen.append(store.revision())
    store.trainers.save_progress(run.id, 1, Progress(Phase.BUILDING))
    seen.append(store.revision())
    store.runs.rename(run.id, "other")
    seen.append(store.revision())
    store.runs.request_stop(run.id)
    seen.append(store.revision())
    assert seen == sorted(set(seen))
    store.trainers.heartbeat(run.id, 1)
    assert store.revision() == seen[-1]
