"""Runs: launch, find, describe, stop, reorder, delete."""

from __future__ import annotations

import pytest

from core.client import Client
from core.errors import (
    InvalidExperiment,
    RunNotFound,
    RunStateError,
)
from core.records.runs import RunState
from core.spec import Experiment
from core.spec.overrides import override
from tests.core.client.searching import finish_run


def test_what_cannot_be_launched_writes_nothing_and_starts_nothing(
    client: Client, experiment: Experiment
) -> None:
    with pytest.raises(InvalidExperiment) as refused:
        client.runs.submit(override(experiment, ["data.train_size=5000", "seeds=[1, 2]"]))
    assert refused.value.field == "data.train_size"
    assert client.runs.list() == []
    assert not client.machine.supervisor().is_running


def test_runs_are_found_by_the_start_of_their_id(client: Client, experiment: Experiment) -> None:
    [run] = client.store.runs.add(experiment, preset="p", tags=["a"])
    assert client.runs.get(run.id[:8]) == run
    assert client.runs.get(run.id) == run
    with pytest.raises(RunNotFound, match="zzz"):
        client.runs.get("zzz")


def test_methods_on_several_runs_take_the_same_ids_as_methods_on_one(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    finish_run(client, run, [0.25, 0.25])
    for reference in (run.id[:8], run.id.upper(), f" {run.id} "):
        assert client.runs.get(reference).id == run.id
        assert len(client.metrics.frame([reference])) == 8
        assert [each.id for each in client.runs.list(ids=[reference])] == [run.id]
        assert [each.id for each in client.runs.wait([reference])] == [run.id]


def test_a_runs_description_changes_and_so_does_the_revision(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    seen = [client.revision()]
    for change in (
        lambda: client.runs.rename(run.id, "better"),
        lambda: client.runs.set_tags(run.id, ["x", "x", " y "]),
        lambda: client.runs.set_notes(run.id, "why"),
        lambda: client.runs.archive(run.id),
    ):
        change()
        seen.append(client.revision())
    assert len(set(seen)) == len(seen)
    now = client.runs.get(run.id)
    assert (now.name, now.tags, now.notes, now.archived) == ("better", ("x", "y"), "why", True)
    assert client.runs.list() == []
    assert client.runs.list(include_archived=True) == [now]
    assert client.runs.list(ids=[run.id]) == [now]


def test_a_clone_is_the_experiment_of_the_run(client: Client, experiment: Experiment) -> None:
    runs = client.store.runs.add(override(experiment, ["seeds=[7, 8]"]))
    assert client.runs.clone(runs[1].id) == experiment.for_seed(8)


def test_deleting_removes_the_files_and_only_of_an_ended_run(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    folder = client.settings.run_folder(run.id)
    (folder / "best").mkdir(parents=True)
    (folder / "best" / "best.keras").write_bytes(b"x")
    with pytest.raises(RunStateError, match="queued"):
        client.runs.delete(run.id)
    assert folder.exists()
    finish_run(client, run, [0.25, 0.25])
    client.runs.delete(run.id)
    assert not folder.exists()
    with pytest.raises(RunNotFound):
        client.runs.get(run.id)


def test_a_queued_run_stops_at_once_and_an_ended_one_cannot(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    client.runs.stop(run.id)
    assert client.runs.get(run.id).state is RunState.STOPPED
    with pytest.raises(RunStateError, match="stopped"):
        client.runs.stop(run.id)


def test_the_queue_can_be_reordered(client: Client, experiment: Experiment) -> None:
    first, second, third = client.store.runs.add(override(experiment, ["seeds=[1, 2, 3]"]))
    client.runs.move_in_queue(third.id[:12], 0)
    assert [run.id for run in client.runs.queue()] == [third.id, first.id, second.id]


def test_the_log_is_the_end_of_what_the_trainer_wrote(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    assert client.runs.log(run.id) == ""
    folder = client.settings.run_folder(run.id)
    folder.mkdir(parents=True)
    (folder / "log.txt").write_bytes(b"one\ntwo\n\xff three\n")
    assert client.runs.log(run.id, 2) == "two\n\N{REPLACEMENT CHARACTER} three"
