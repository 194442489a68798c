"""Promise: one table of everything, and actions that only ever touch the selected runs."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.client import Client
from core.records.runs import RunState
from tests.core.client.searching import lived_search
from tests.core.store.lives import epoch, in_state, queued, running
from tests.dashboard.conftest import Opener, texts

TABLE = "runs/table"


def _table(app: AppTest) -> pd.DataFrame:
    return app.dataframe[0].value


def _select(app: AppTest, *rows: int) -> None:
    app.session_state[TABLE] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    app.run()
    assert not app.exception


def _press(app: AppTest, start: str) -> None:
    next(each for each in app.button if each.label.startswith(start)).click().run()
    assert not app.exception


def test_an_empty_lab_says_so_and_shows_the_way(open_page: Opener) -> None:
    app = open_page("runs")
    assert "No runs yet" in texts(app)
    assert not app.dataframe


def test_best_and_last_values_are_told_apart(open_page: Opener, lab: Client) -> None:
    run = running(lab.store)
    for number, accuracy in ((1, 0.7), (2, 0.6)):
        lab.store.metrics.save_epoch(run.id, run.attempt, epoch(number, val_accuracy=accuracy))
    row = _table(open_page("runs")).iloc[0]
    assert (row["best"], row["best_epoch"], row["last_validation"]) == (70.0, 1, 60.0)
    assert row["last_training"] == 50.0
    assert row["epochs"] == "2 / 3"


def test_a_new_epoch_is_in_the_table_at_the_next_look(open_page: Opener, lab: Client) -> None:
    run = running(lab.store)
    lab.store.metrics.save_epoch(run.id, run.attempt, epoch(1, val_accuracy=0.3))
    app = open_page("runs")
    lab.store.metrics.save_epoch(run.id, run.attempt, epoch(2, val_accuracy=0.4))
    app.run()
    assert _table(app).iloc[0]["last_validation"] == 40.0


def test_newest_runs_stand_first(open_page: Opener, lab: Client) -> None:
    [old] = queued(lab.store)
    [new] = queued(lab.store)
    assert list(_table(open_page("runs"))["id"]) == [new.id, old.id]


@pytest.mark.parametrize(
    ("address", "num_shown"),
    [
        ({}, 3),
        ({"q": "seed 2"}, 1),
        ({"q": "no such thing"}, 0),
        ({"state": "queued"}, 2),
        ({"state": "stopped"}, 1),
        ({"data": "digits"}, 3),
    ],
)
def test_the_address_restores_the_filter(
    open_page: Opener, lab: Client, address: dict[str, str], num_shown: int
) -> None:
    runs = queued(lab.store, seeds=(1, 2, 3))
    lab.runs.stop(runs[2].id)
    app = open_page("runs", **address)
    assert len(_table(app)) == num_shown
    assert f"{num_shown} run{'' if num_shown == 1 else 's'} of 3" in texts(app)
    assert ("No run matches" in texts(app)) is (num_shown == 0)


def test_the_start_of_an_id_finds_its_run(open_page: Opener, lab: Client) -> None:
    wanted, _ = queued(lab.store, seeds=(1, 2))
    assert list(_table(open_page("runs", q=wanted.id[:8]))["id"]) == [wanted.id]


def test_the_selection_stays_with_its_runs_when_new_ones_arrive(
    open_page: Opener, lab: Client
) -> None:
    first = in_state(lab.store, RunState.FINISHED)
    second = in_state(lab.store, RunState.FINISHED)
    app = open_page("runs")
    _select(app, 1)
    third = in_state(lab.store, RunState.FINISHED)
    app.run()
    _press(app, "Delete 1 run permanently")
    assert {run.id for run in lab.runs.list()} == {second.id, third.id}
    assert first.id not in list(_table(app)["id"])


def test_one_that_cannot_leaves_its_sentence_and_the_others_go_on(
    open_page: Opener, lab: Client
) -> None:
    waiting, other = queued(lab.store, seeds=(1, 2))
    app = open_page("runs")
    _select(app, 0, 1)
    lab.runs.stop(waiting.id)
    _press(app, "Stop 2")
    assert lab.runs.get(other.id).state is RunState.STOPPED


def test_archived_runs_leave_the_table_and_come_back(open_page: Opener, lab: Client) -> None:
    run = in_state(lab.store, RunState.FINISHED)
    app = open_page("runs")
    _select(app, 0)
    _press(app, "Archive")
    assert lab.runs.get(run.id).archived
    assert "No runs yet" in texts(app)
    app.toggle(key="archived").set_value(True).run()
    assert list(_table(app)["id"]) == [run.id]


def test_name_tags_and_notes_of_one_run_are_edited(open_page: Opener, lab: Client) -> None:
    run = in_state(lab.store, RunState.FINISHED)
    app = open_page("runs")
    _select(app, 0)
    by_label = {each.label: each for each in app.text_input}
    by_label["Name"].set_value("renamed")
    by_label["Tags"].set_value("lab, first")
    app.text_area[0].set_value("A note.")
    _press(app, "Save")
    now = lab.runs.get(run.id)
    assert (now.name, set(now.tags), now.notes) == ("renamed", {"lab", "first"}, "A note.")


def test_trials_of_searches_stand_in_the_table_only_on_request(
    open_page: Opener, lab: Client
) -> None:
    _, trials = lived_search(lab)
    [own] = queued(lab.store)
    app = open_page("runs")
    assert list(_table(app)["id"]) == [own.id]
    assert "1 run of 1 · 3 trials of searches not shown" in texts(app)
    next(each for each in app.toggle if each.key == "trials").set_value(True).run()
    assert not app.exception
    assert set(_table(app)["id"]) == {own.id, *(run for each in trials for run in each.run_ids)}


def test_a_lab_of_nothing_but_trials_says_where_they_are(open_page: Opener, lab: Client) -> None:
    lived_search(lab)
    app = open_page("runs")
    assert "0 runs of 0 · 3 trials of searches not shown" in texts(app)
    assert "No runs yet" not in texts(app)
