"""Promise: one run's page says what it does, how well, why it failed, and nothing of the test."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.client import Client
from core.records.phases import Phase
from core.records.runs import Failure, Progress, Run, RunState
from tests.core.store.lives import epoch, in_state, running
from tests.dashboard.conftest import Opener, texts

TABS = ("Curves", "Config", "Layers", "Files", "Events", "Log", "Test score")


def _tables(app: AppTest) -> str:
    return "\n".join(str(each.value) for each in app.html)


def _button(app: AppTest, start: str):
    return next(each for each in app.button if each.label.startswith(start))


def test_without_runs_the_page_shows_the_way(open_page: Opener) -> None:
    assert "No runs yet" in texts(open_page("run"))


def test_without_an_address_it_offers_the_runs(open_page: Opener, lab: Client) -> None:
    running(lab.store)
    app = open_page("run")
    assert len(app.selectbox[0].options) == 1


@pytest.mark.parametrize("reference", ["deadbeef", "no id at all", "../../etc/passwd", "' or 1=1"])
def test_an_unknown_run_is_one_sentence(open_page: Opener, reference: str) -> None:
    said = texts(open_page("run", run=reference))
    assert "No run has the id" in said


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_has_its_word_and_its_way_on(
    open_page: Opener, lab: Client, state: RunState
) -> None:
    run = in_state(lab.store, state)
    app = open_page("run", run=run.id[:8])
    assert state.value in texts(app)
    labels = {each.label for each in app.button}
    resumable = state in {RunState.STOPPED, RunState.FAILED, RunState.LOST}
    assert ("Resume" in labels) is resumable
    assert bool(labels & {"Stop", "Remove from queue"}) is state.is_active


def test_progress_of_the_epoch_at_work_is_shown(open_page: Opener, lab: Client) -> None:
    run = running(lab.store)
    lab.store.metrics.save_epoch(run.id, run.attempt, epoch(1))
    progress = Progress(Phase.TRAINING, 2, 5, 20, None, 60.0, {"loss": 1.5, "accuracy": 0.25})
    lab.store.trainers.save_progress(run.id, run.attempt, progress)
    app = open_page("run", run=run.id)
    bars = [each.proto for each in app.get("progress")]
    assert [(bar.value, bar.text) for bar in bars] == [
        (41, "1 of 3 epochs done · about 1 min 45 s left"),
        (25, "Epoch 2 of 3, batch 5 of 20"),
    ]
    assert "training accuracy 25.0 %, loss 1.5 in this epoch so far" in texts(app)


def test_a_failure_is_a_sentence_with_a_way_on_and_a_traceback_to_open(
    open_page: Opener, lab: Client
) -> None:
    run = running(lab.store)
    failure = Failure("nan_loss", "The loss became NaN in epoch 2.", "Traceback: boom", 1)
    lab.store.runs.end(run.id, run.attempt, RunState.FAILED, reason="nan", failure=failure)
    app = open_page("run", run=run.id)
    said = app.error[0].value
    assert "The loss became NaN in epoch 2" in said
    assert "Last finished epoch: 1." in said
    assert "learning rate" in said
    assert app.expander[0].label == "Traceback"
    assert not app.expander[0].proto.expanded


def test_best_and_last_say_their_epoch(open_page: Opener, lab: Client) -> None:
    run = running(lab.store)
    for number, accuracy in ((1, 0.7), (2, 0.6)):
        lab.store.metrics.save_epoch(run.id, run.attempt, epoch(number, val_accuracy=accuracy))
    shown = {each.label: each.value for each in open_page("run", run=run.id).metric}
    assert shown["Best validation accuracy · epoch 1"] == "70.0 %"
    assert shown["Last validation accuracy · epoch 2"] == "60.0 %"
    assert shown["Overfit gap · epoch 1"] == "-20.0 points"


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_from_the_address(open_trained: Opener, runs: list[Run], tab: str) -> None:
    app = open_trained("run", run=runs[0].id, tab=tab)
    assert app.session_state["tab"] == tab
    assert not app.error


def test_names_of_people_stay_text(open_trained: Opener, runs: list[Run]) -> None:
    title = open_trained("run", run=runs[0].id).title[0].value
    assert "\\<b\\>bold" in title
    assert "\\[x\\]\\(http" in title


def test_files_have_sizes_and_the_networks_can_be_taken_along(
    open_trained: Opener, runs: list[Run]
) -> None:
    app = open_trained("run", run=runs[0].id, tab="Files")
    labels = [each.label for each in app.download_button]
    assert any(label.startswith("Keras model, epoch ") and "kB" in label for label in labels)
    assert any(label.startswith("LiteRT model, epoch ") for label in labels)
    assert "Experiment (TOML)" in labels
    assert "best/best.keras" in _tables(app)


def test_log_and_events_tell_what_happened(open_trained: Opener, runs: list[Run]) -> None:
    events = _tables(open_trained("run", run=runs[0].id, tab="Events"))
    assert "queued → running" in events
    assert "running → finished" in events
    assert open_trained("run", run=runs[0].id, tab="Log").code


def test_the_config_is_laid_beside_its_preset(open_page: Opener, lab: Client) -> None:
    preset = lab.experiments.preset("basic_cnn").experiment
    training = preset.training.model_copy(update={"epochs": 7})
    changed = preset.model_copy(update={"training": training})
    [run] = lab.store.runs.add(changed, preset="basic_cnn")
    table = _tables(open_page("run", run=run.id, tab="Config"))
    assert "<b>7</b>" in table
    assert f">{preset.training.epochs}<" in table
    assert "Batch size" not in table


def test_nothing_of_the_test_score_before_somebody_asks(open_page: Opener, lab: Client) -> None:
    run = running(lab.store)
    lab.store.metrics.save_epoch(run.id, run.attempt, epoch(1))
    before = open_page("run", run=run.id, tab="Test score")
    assert "recorded" in texts(before)
    assert "Test accuracy" not in _tables(before)
    lab.store.metrics.save_test_metrics(run.id, 1, {"accuracy": 0.4321, "loss": 1.25})
    after = _tables(open_page("run", run=run.id, tab="Test score"))
    assert "43.2 %" in after
    assert "Model of epoch 1" in after


@pytest.mark.parametrize("view", [{}, {"tab": "Log"}])
def test_a_deleted_run_leaves_for_the_list(
    open_page: Opener, lab: Client, view: dict[str, str]
) -> None:
    run = in_state(lab.store, RunState.FINISHED)
    app = open_page("run", run=run.id, **view)
    next(each for each in app.checkbox if each.label.startswith("Delete permanently")).check().run()
    _button(app, "Delete").click().run()
    assert not app.exception
    assert lab.runs.list() == []
    assert [title.value for title in app.title] == ["Runs"]


def test_a_run_is_renamed_tagged_and_archived(open_page: Opener, lab: Client) -> None:
    run = in_state(lab.store, RunState.FINISHED)
    app = open_page("run", run=run.id)
    next(each for each in app.text_input if each.label == "Name").set_value("other")
    next(each for each in app.text_input if each.label == "Tags").set_value("a, b")
    _button(app, "Save").click().run()
    assert lab.runs.get(run.id).name == "other"
    assert lab.runs.get(run.id).tags == ("a", "b")
    _button(app, "Archive").click().run()
    assert lab.runs.get(run.id).archived
