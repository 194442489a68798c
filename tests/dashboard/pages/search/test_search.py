"""Promise: a search's page shows what the store holds, and starts only what can run."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.past_search import add_search, end_search, search_around
from core.client import Client
from core.datasets.status import DatasetState
from core.records.searches import SearchRecord, SearchState, TrialState
from core.spec import Experiment
from core.spec.files import read_preset
from core.spec.overrides import override
from tests.core.store.lives import queued
from tests.dashboard.conftest import Opener, texts


def base() -> Experiment:
    return override(
        read_preset("basic_cnn").experiment, ["data.dataset=digits", "training.epochs=4"]
    )


@pytest.fixture
def searched(lab: Client) -> SearchRecord:
    """A search with twelve ended trials, the eighth pruned, and two at work."""
    return add_search(lab, search_around(base(), max_trials=20, name="<b>first</b>"), 12)


def table(app: AppTest) -> Any:
    return app.dataframe[0].value


def press(app: AppTest, start: str) -> None:
    next(each for each in app.button if each.label.startswith(start)).click().run()
    assert not app.exception


def select(app: AppTest, search: SearchRecord, *rows: int) -> None:
    chosen = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    app.session_state[f"search/table/{search.id}"] = chosen
    app.run()
    assert not app.exception


def test_a_lab_without_searches_says_so_and_offers_presets(open_page: Opener, lab: Client) -> None:
    app = open_page("search")
    assert "No searches yet" in texts(app)
    starts = [each for each in app.button if each.label == "Start"]
    assert len(starts) == len(lab.search_drafts.presets())


def test_the_list_shows_each_search_with_its_best(
    open_page: Opener, searched: SearchRecord
) -> None:
    said = texts(open_page("search"))
    assert f"trial {searched.best_number}" in said
    assert "best validation accuracy" in said


@pytest.mark.parametrize("tab", ["Trials", "Parameters", "Timeline", "Best trial", "Promote"])
def test_every_tab_opens(open_page: Opener, searched: SearchRecord, tab: str) -> None:
    app = open_page("search", search=searched.id, tab=tab)
    assert "<b>first</b>" not in texts(app)  # only as text
    assert not app.error


def test_the_table_holds_every_trial_the_newest_first(
    open_page: Opener, searched: SearchRecord, lab: Client
) -> None:
    frame = table(open_page("search", search=searched.id))
    trials = lab.trials.list(searched.id)
    assert list(frame["number"]) == [trial.number for trial in reversed(trials)]
    by_number = frame.set_index("number")
    assert by_number.loc[8, "state"] == "✂ pruned"
    assert searched.best_score is not None
    assert by_number.loc[searched.best_number, "score"] == pytest.approx(100 * searched.best_score)
    assert by_number.loc[1, "value/batch_size"] == trials[0].values["batch_size"]


def test_states_filter_the_table_and_stand_in_the_address(
    open_page: Opener, searched: SearchRecord
) -> None:
    app = open_page("search", search=searched.id, trial_state="running")
    assert list(table(app)["number"]) == [14, 13]


def test_the_brush_filters_the_table(
    open_page: Opener, searched: SearchRecord, lab: Client
) -> None:
    app = open_page("search", search=searched.id)
    app.session_state[f"search/parallel/{searched.id}/kept"] = {"dropout": [0.5, 1.0]}
    app.run()
    numbers = {t.number for t in lab.trials.list(searched.id) if t.values["dropout"] >= 0.25}
    assert set(table(app)["number"]) == numbers
    assert f"The brush keeps {len(numbers)} of 14" in texts(app)
    press(app, "Clear the brush")
    assert len(table(app)) == 14


def test_hidden_trials_leave_the_table_and_come_back(
    open_page: Opener, searched: SearchRecord
) -> None:
    app = open_page("search", search=searched.id)
    select(app, searched, 2, 3)
    press(app, "Hide")
    assert not {12, 11} & set(table(app)["number"])
    press(app, "Show 2 hidden trials")
    assert {12, 11} <= set(table(app)["number"])


def test_the_selected_trial_is_stopped_and_no_other(
    open_page: Opener, searched: SearchRecord, lab: Client
) -> None:
    app = open_page("search", search=searched.id)
    select(app, searched, 0)
    press(app, "Stop")
    trials = {trial.number: trial for trial in lab.trials.list(searched.id)}
    # A controller that was quick has taken it up already.
    assert TrialState.STOPPED in (trials[14].verdict, trials[14].state)
    assert trials[13].verdict is None
    assert trials[13].state is not TrialState.STOPPED


def test_a_trial_by_hand_waits_with_the_values_that_were_typed(
    open_page: Opener, searched: SearchRecord, lab: Client
) -> None:
    app = open_page("search", search=searched.id)
    app.number_input(key="search/by_hand/0/dense_dropout").set_value(0.125)
    press(app, "Add to queue")
    trial = lab.trials.list(searched.id)[-1]
    assert (trial.number, trial.state, trial.origin) == (15, TrialState.QUEUED, "manual")
    assert trial.values["dense_dropout"] == 0.125


def test_pause_resume_and_end(open_page: Opener, searched: SearchRecord, lab: Client) -> None:
    app = open_page("search", search=searched.id)
    press(app, "Pause")
    assert lab.searches.get(searched.id).state is SearchState.PAUSED
    press(app, "End")
    assert lab.searches.get(searched.id).state is SearchState.FINISHED
    assert "Ended by hand" in texts(app)


def test_the_budget_is_changed_while_it_runs(
    open_page: Opener, searched: SearchRecord, lab: Client
) -> None:
    app = open_page("search", search=searched.id)
    by_label = {each.label: each for each in app.number_input}
    by_label["Trials"].set_value(50)
    by_label["Parallel trials"].set_value(3)
    press(app, "Save")
    budget = lab.searches.get(searched.id).budget
    assert (budget["max_trials"], budget["parallel"]) == (50, 3)


def test_what_the_budget_refused_stands_there_until_the_next_try(
    open_page: Opener, searched: SearchRecord
) -> None:
    app = open_page("search", search=searched.id)
    {each.label: each for each in app.number_input}["Trials"].set_value(0)
    press(app, "Save")
    app.run()  # as each tick of the live part does
    assert "Trials\\: Input should be greater than or equal to 1" in texts(app)
    {each.label: each for each in app.number_input}["Trials"].set_value(50)
    press(app, "Save")
    assert "greater than or equal to 1" not in texts(app)


def test_what_a_trial_by_hand_was_refused_for_stands_there(
    open_page: Opener, searched: SearchRecord
) -> None:
    app = open_page("search", search=searched.id)
    app.number_input(key="search/by_hand/0/dense_dropout").set_value(-1.0)
    press(app, "Add to queue")
    app.run()
    assert "greater than or equal to 0" in texts(app)


def test_importance_waits_for_ten_completed_trials(open_page: Opener, lab: Client) -> None:
    young = add_search(lab, search_around(base(), max_trials=20), 4)
    said = texts(open_page("search", search=young.id, tab="Parameters"))
    assert "needs 10 completed trials; so far there are 4" in said


def test_a_search_that_is_gone_says_so(open_page: Opener) -> None:
    app = open_page("search", search="feedbeef")
    assert "feedbeef" in app.warning[0].value


def start_button(app: AppTest) -> Any:
    return app.button(key="search/start")


def test_a_search_around_a_run_begins_with_its_fields(open_page: Opener, lab: Client) -> None:
    [run] = queued(lab.store)
    app = open_page("search", new=f"run:{run.id}")
    names = [each.value for each in app.text_input if each.label == "Name"]
    assert names == ["search around small", "learning_rate", "conv_dropout"]
    assert not start_button(app).disabled
    assert "Unlimited combinations" in texts(app)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"Minimum": 0.5}, "is above the maximum"),
        ({"Trials": 0}, "greater than or equal to 1"),
        ({"Name": ""}, "A search needs a name"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_starts(
    open_page: Opener, lab: Client, edit: dict[str, Any], sentence: str
) -> None:
    [run] = queued(lab.store)
    app = open_page("search", new=f"run:{run.id}")
    for label, value in edit.items():
        inputs = [*app.text_input, *app.number_input]
        next(each for each in inputs if each.label == label).set_value(value)
    app.run()
    assert start_button(app).disabled
    assert sum(sentence in each.value for each in [*app.markdown, *app.warning]) >= 2
    assert not lab.searches.list()


def test_a_name_in_use_is_refused(open_page: Opener, searched: SearchRecord, lab: Client) -> None:
    app = open_page("search", new="form")
    next(each for each in app.text_input if each.label == "Name").set_value(searched.name).run()
    assert start_button(app).disabled
    assert "There is a search of the name" in texts(app)
    assert len(lab.searches.list()) == 1


def test_a_run_that_was_deleted_meanwhile_is_said(open_page: Opener, lab: Client) -> None:
    [run] = queued(lab.store)
    app = open_page("search", new=f"run:{run.id}")
    lab.runs.stop(run.id)
    lab.runs.delete(run.id)
    app.run()
    assert start_button(app).disabled
    assert run.id in texts(app)


def test_fields_are_added_and_removed(open_page: Opener, lab: Client) -> None:
    [run] = queued(lab.store)
    app = open_page("search", new=f"run:{run.id}")
    add = next(each for each in app.selectbox if each.label == "Add a hyperparameter")
    add.set_value("training.batch_size").run()
    assert not app.exception
    assert "batch_size" in [each.value for each in app.text_input if each.label == "Name"]
    for _ in range(3):
        app.button(
            key=next(each.key for each in app.button if str(each.key).endswith(".remove"))
        ).click()
        app.run()
    assert start_button(app).disabled
    assert "Add at least one hyperparameter" in texts(app)


def test_every_trial_trains_on_what_the_form_says(open_page: Opener, lab: Client) -> None:
    [run] = queued(lab.store)
    app = open_page("search", new=f"run:{run.id}")
    app.number_input(key="form/0/base.data.train_size").set_value(300).run()
    app.selectbox(key="form/0/base.data.dataset").set_value("cifar10").run()
    assert not app.exception
    is_here = lab.datasets.get("cifar10").state is not DatasetState.MISSING
    assert start_button(app).disabled is not is_here
    app.selectbox(key="form/0/base.data.dataset").set_value("digits").run()
    start_button(app).click().run()
    assert not app.exception
    [search] = lab.searches.list()
    assert search.config["base"]["data"]["dataset"] == "digits"
    assert search.config["base"]["data"]["train_size"] == 300


def test_two_values_of_one_field_make_a_grid_of_two(open_page: Opener, lab: Client) -> None:
    [run] = queued(lab.store)
    app = open_page("search", new=f"run:{run.id}")
    app.button(
        key=next(each.key for each in app.button if str(each.key).endswith(".remove"))
    ).click()
    app.run()
    span = next(each for each in app.selectbox if each.label == "Range")
    span.set_value("choice").run()
    assert not app.exception
    next(each for each in app.text_input if each.label == "Values").set_value("0.1, 0.3").run()
    assert not app.exception
    assert "2 combinations" in texts(app)
    next(each for each in app.text_input if each.label == "Values").set_value("0.1").run()
    assert start_button(app).disabled
    assert "only one combination" in texts(app)


@pytest.mark.parametrize("view", [{}, {"tab": "Promote"}, {"over": "time"}])
def test_an_ended_search_is_deleted_with_its_runs(
    open_page: Opener, lab: Client, view: dict[str, str]
) -> None:
    ended = add_search(lab, search_around(base(), max_trials=20), 4, num_running=0)
    lab.store.searches.end(ended.id)
    app = open_page("search", search=ended.id, **view)
    assert {each.label: each.value for each in app.metric}["Trials left"] == "—"
    app.checkbox(key=f"search/sure/{ended.id}").check().run()
    app.button(key="search/delete").click().run()
    assert not app.exception
    assert not lab.searches.list()
    assert not lab.runs.list(include_archived=True)
    assert "No searches yet" in texts(app)


def test_one_whose_controller_died_with_its_trials_is_deleted(
    open_page: Opener, lab: Client, searched: SearchRecord
) -> None:
    end_search(lab, searched)
    assert [each for each in lab.trials.list(searched.id) if each.state is TrialState.RUNNING]
    app = open_page("search", search=searched.id)
    app.checkbox(key=f"search/sure/{searched.id}").check().run()
    app.button(key="search/delete").click().run()
    assert not app.exception
    assert not lab.searches.list()


def test_one_that_runs_is_not_deleted(open_page: Opener, searched: SearchRecord) -> None:
    app = open_page("search", search=searched.id)
    assert app.checkbox(key=f"search/sure/{searched.id}").disabled


def test_a_trial_by_hand_comes_on_top_of_those_that_are_left(
    open_page: Opener, lab: Client, searched: SearchRecord
) -> None:
    lab.store.searches.enqueue_trial(searched.id, {"batch_size": 64}, epochs=4)
    figures = {each.label: each.value for each in open_page("search", search=searched.id).metric}
    assert figures["Trials left"] == "9"
