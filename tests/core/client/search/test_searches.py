"""The client's verbs about searches, on a real store and without a trainer."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.client import Client
from core.client.search.estimates import num_at_once
from core.client.search.overrides import adjusted, free_name
from core.errors import (
    InvalidExperiment,
    RunNotFound,
    SearchNotFound,
    SearchStateError,
    UnknownPreset,
)
from core.jobs.devices import Slots
from core.records.runs import RunState
from core.records.searches import SearchState, TrialState
from core.spec.search import Budget, search_to_toml
from tests.core.client.searching import (
    add_search,
    begin_trial,
    end_trial,
    finish_run,
    lived_search,
    small_search,
)

pytestmark = pytest.mark.usefixtures("nothing_starts")


def test_a_submitted_search_is_found_by_name_and_by_the_start_of_its_id(client: Client) -> None:
    found = client.searches.submit(small_search(), preset="lab_search")
    assert client.searches.list() == [found]
    assert client.searches.get("small") == client.searches.get(found.id[:8]) == found
    assert (found.state, found.preset) == (SearchState.RUNNING, "lab_search")
    assert client.search_drafts.of("small") == small_search()
    with pytest.raises(SearchNotFound, match="nothing"):
        client.searches.get("nothing")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "taken"}, "name"),
        ({"base": {"data": {"dataset": "no_such"}}}, "base.data.dataset"),
        (
            {
                "parameters": [
                    {"name": "a", "paths": ["training.rate"], "range": {"kind": "boolean"}}
                ]
            },
            "parameters.0.paths.0",
        ),
        (
            {
                "parameters": [
                    {
                        "name": "dropout",
                        "paths": ["model.regularization.dense_dropout"],
                        "range": {"kind": "choice", "values": [0.5]},
                    }
                ]
            },
            "parameters",
        ),
        (
            {
                "parameters": [
                    {
                        "name": "images",
                        "paths": ["data.train_size"],
                        "range": {"kind": "choice", "values": [100, 5000]},
                    }
                ]
            },
            "parameters.0.range",
        ),
    ],
)
def test_what_cannot_work_is_an_error_at_its_field_and_nothing_is_written(
    client: Client, changes: dict[str, object], field: str
) -> None:
    add_search(client, small_search(name="taken"))
    with pytest.raises(InvalidExperiment) as refused:
        client.searches.submit(small_search(**changes))
    assert refused.value.field == field
    assert [each.name for each in client.searches.list()] == ["taken"]


def test_a_search_on_a_deleted_run_is_refused(client: Client) -> None:
    with pytest.raises(InvalidExperiment) as refused:
        client.searches.submit(small_search(), base_run_id="ab" * 16)
    assert refused.value.field == "base"
    assert client.searches.list() == []


def test_a_reference_is_a_preset_or_a_file(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(search_to_toml(small_search()), encoding="utf-8")
    assert client.search_drafts.read(str(path)) == (small_search(), None)
    with pytest.raises(UnknownPreset, match="no search file"):
        client.search_drafts.read("no/such.toml")
    with pytest.raises(UnknownPreset, match="Unknown search"):
        client.search_drafts.read("no_such")


def test_a_name_that_a_file_only_lends_is_numbered_where_it_is_taken(
    client: Client, tmp_path: Path
) -> None:
    content = search_to_toml(small_search()).replace('name = "small"\n', "", 1)
    path = tmp_path / "mine.toml"
    path.write_text(content, encoding="utf-8")
    for name in ("mine", "mine 2", "mine 3"):
        found, _ = client.search_drafts.read_adjusted(str(path))
        assert client.searches.submit(found).name == name
    named, _ = client.search_drafts.read_adjusted(str(path), name="mine")
    assert [each.field for each in client.search_drafts.check(named)] == ["name"]
    assert free_name("a", {"a", "a 2"}) == "a 3"


def test_assignments_change_the_experiment_of_every_trial() -> None:
    changed = adjusted(
        small_search(),
        ["training.epochs=7", "data.train_size=200", "seeds=[4, 5]"],
        max_trials=9,
        parallel=2,
        name="other",
    )
    assert (changed.base.training.epochs, changed.base.data.train_size) == (7, 200)
    assert changed.budget == Budget(max_trials=9, epochs=None, parallel=2)
    assert (changed.seeds, changed.name) == ((4, 5), "other")
    hyperband = small_search(algorithm={"kind": "hyperband", "max_epochs": 9})
    assert adjusted(hyperband, ["training.epochs=4"]).algorithm.max_epochs == 4  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["architecture", "lab_search", "learning_rate", "regularization"])
def test_every_search_goes_over_to_the_small_data_set_by_one_assignment(
    client: Client, name: str
) -> None:
    found, _ = client.search_drafts.read_adjusted(name, ["data.dataset=digits"])
    assert found.base.data.train_size is None, "digits has fewer images than the preset asks for"
    wrong = [each.field for each in client.search_drafts.check(found)]
    # Its deepest networks need larger images than digits has.
    assert all(name == "architecture" and "data" not in field for field in wrong)
    kept, _ = client.search_drafts.read_adjusted(
        name, ["data.dataset=digits", "data.train_size=300"]
    )
    assert kept.base.data.train_size == 300
    refused, _ = client.search_drafts.read_adjusted(
        name, ["data.train_size=4000", "data.dataset=digits"]
    )
    assert "base.data.train_size" in [each.field for each in client.search_drafts.check(refused)]


@pytest.mark.parametrize(
    "assignment", ["training.learning_rate=0.1", "training.nothing=1", "training.epochs"]
)
def test_an_assignment_that_does_nothing_is_refused(assignment: str) -> None:
    with pytest.raises(InvalidExperiment) as refused:
        adjusted(small_search(), [assignment])
    assert refused.value.field == assignment.partition("=")[0]


def test_trials_have_their_curves_with_their_numbers(client: Client) -> None:
    found, trials = lived_search(client)
    assert client.trials.list("small") == trials
    assert (found.num_trials, found.num_done) == (3, 3)
    assert (found.best_number, found.best_score) == (2, 0.75)
    frame = client.trials.metrics("small")
    accuracies = frame[(frame["split"] == "validation") & (frame["name"] == "accuracy")]
    assert list(accuracies.groupby("trial")["value"].max()) == [0.5, 0.75, 0.625]
    client.trials.promote("small", top=1, seeds=[9])
    assert set(client.trials.metrics("small")["trial"]) == {1, 2, 3}


def test_a_search_without_trials_has_an_empty_frame(client: Client) -> None:
    add_search(client, small_search())
    frame = client.trials.metrics("small")
    assert frame.empty
    assert "trial" in frame.columns


def test_pause_resume_end_and_rename(client: Client) -> None:
    add_search(client, small_search())
    trial = begin_trial(client, "small", {"dropout": 0.0, "rate": 1e-3})
    assert client.searches.pause("small").state is SearchState.PAUSED
    with pytest.raises(SearchStateError, match="paused"):
        client.searches.pause("small")
    assert client.searches.resume("small").state is SearchState.RUNNING
    client.searches.rename("small", "big")
    assert client.searches.end("big").state is SearchState.FINISHED
    [run] = client.runs.list(ids=list(trial.run_ids))
    assert run.state is RunState.STOPPED
    assert client.searches.resume("big").state is SearchState.RUNNING


def test_the_budget_changes_and_one_that_cannot_be_is_refused(client: Client) -> None:
    add_search(client, small_search(budget={"max_trials": 4}, parameters=_epochs_vary()))
    assert client.searches.change_budget("small", Budget(max_trials=6)).budget["max_trials"] == 6
    assert client.search_drafts.of("small").budget == Budget(max_trials=6)
    with pytest.raises(InvalidExperiment):
        client.searches.change_budget("small", Budget(epochs=3))


def _epochs_vary() -> list[dict[str, object]]:
    epochs = {"kind": "integer", "minimum": 1, "maximum": 3}
    return [{"name": "epochs", "paths": ["training.epochs"], "range": epochs}]


def test_a_trial_by_hand_is_checked_before_it_waits(client: Client) -> None:
    add_search(client, small_search())
    trial = client.trials.enqueue("small", {"dropout": 0.4, "rate": 5e-3})
    assert (trial.state, trial.origin, trial.epochs) == (TrialState.QUEUED, "manual", 2)
    for values, field in (
        ({"dropout": 0.4}, "values.rate"),
        ({"dropout": 0.4, "rate": 1e-3, "x": 1}, "values.x"),
        ({"dropout": 7.0, "rate": 1e-3}, "model.regularization.dense_dropout"),
    ):
        with pytest.raises(InvalidExperiment) as refused:
            client.trials.enqueue("small", values)
        assert refused.value.field == field
    with pytest.raises(SearchStateError, match="Trial 1"):
        client.trials.enqueue("small", {"dropout": 0.4, "rate": 5e-3})
    assert client.trials.stop("small", 1).state is TrialState.STOPPED
    assert len(client.trials.list("small")) == 1


def test_tidying_keeps_the_best_and_every_curve(client: Client) -> None:
    _, trials = lived_search(client)
    for trial in trials:
        for run_id in trial.run_ids:
            best = client.settings.run_folder(run_id) / "best"
            best.mkdir(parents=True)
            (best / "best.keras").write_bytes(bytes(1000))
    with pytest.raises(SearchStateError):
        client.searches.delete_checkpoints("small")
    client.searches.end("small")
    assert client.searches.delete_checkpoints("small") == 2000
    left = [
        t.number for t in trials if (client.settings.run_folder(t.run_ids[0]) / "best").exists()
    ]
    assert left == [2]
    assert set(client.trials.metrics("small")["trial"]) == {1, 2, 3}


def test_deleting_takes_the_trials_runs_and_leaves_the_promoted_ones(client: Client) -> None:
    _, trials = lived_search(client)
    [promoted] = client.trials.promote("small", top=1, seeds=[7])
    finish_run(client, promoted, [0.5, 0.5, 0.5])
    folders = [client.settings.run_folder(trial.run_ids[0]) for trial in trials]
    for folder in folders:
        folder.mkdir(parents=True)
    with pytest.raises(SearchStateError):
        client.searches.delete("small")
    client.searches.end("small")
    client.searches.delete("small")
    assert client.searches.list() == []
    assert [run.id for run in client.runs.list()] == [promoted.id]
    assert not any(folder.exists() for folder in folders)
    with pytest.raises(RunNotFound):
        client.runs.get(trials[0].run_ids[0])


def test_waiting_ends_with_the_search_and_its_last_trial(client: Client) -> None:
    add_search(client, small_search())
    trial = begin_trial(client, "small", {"dropout": 0.0, "rate": 1e-3})
    seen: list[SearchState] = []

    def live(found: object, trials: object) -> None:
        state = client.searches.get("small").state
        seen.append(state)
        if len(seen) == 1:
            client.searches.pause("small")
        elif len(seen) == 2:
            end_trial(client, trial, 0.5, is_best=True)

    found = client.searches.wait("small", timeout_s=20, on_change=live)
    assert (found.state, found.num_done) == (SearchState.PAUSED, 1)
    assert seen[0] is SearchState.RUNNING
    assert client.searches.wait("small", timeout_s=0).state is SearchState.PAUSED


def test_an_estimate_counts_trials_epochs_and_time(client: Client) -> None:
    estimate = client.search_drafts.estimate(small_search())
    assert (estimate.combinations, estimate.trials, estimate.epochs) == (6, 4, 8)
    assert 0 < estimate.seconds_low < estimate.seconds < estimate.seconds_high
    assert "4 trials of 6 combinations" in estimate.sentence
    more = client.search_drafts.estimate(small_search(seeds=[1, 2]))
    assert more.epochs == 16
    assert more.seconds > estimate.seconds
    short = client.search_drafts.estimate(small_search(budget={"max_trials": 4, "hours": 0.0001}))
    assert short.seconds == pytest.approx(0.36)


def test_side_by_side_only_gpus_shorten_a_search() -> None:
    search = small_search(budget={"max_trials": 4, "parallel": 3})
    assert num_at_once(search, Slots((), 4)) == 1
    assert num_at_once(search, Slots(("gpu:0", "gpu:1"), 1)) == 2


def test_a_field_that_a_star_varies_cannot_be_set_either() -> None:
    filters = {
        "name": "filters",
        "paths": ["model.stages.*.convolutions.*.filters"],
        "range": {"kind": "choice", "values": [4, 8]},
    }
    with pytest.raises(InvalidExperiment) as refused:
        adjusted(small_search(parameters=[filters]), ["model.stages.0.convolutions.0.filters=16"])
    assert refused.value.field == "model.stages.0.convolutions.0.filters"
