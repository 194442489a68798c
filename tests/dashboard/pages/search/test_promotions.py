"""Promise: promoting waits for a result, and its table says what is luck and what is not."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from benchmarks.past_search import add_search, search_around
from core.client import Client
from core.spec.files import read_preset
from core.spec.training import EarlyStopping
from tests.core.client.searching import add_search as added
from tests.core.client.searching import begin_trial, end_trial, lived_search, small_search
from tests.dashboard.conftest import Opener, texts


def tables(app: AppTest) -> str:
    """The small tables of text, with their captions."""
    return "".join(each.proto.body for each in app.get("html"))


def test_nothing_is_promoted_before_a_trial_is_completed(open_page: Opener, lab: Client) -> None:
    young = add_search(lab, search_around(read_preset("basic_cnn").experiment, max_trials=20), 0)
    app = open_page("search", search=young.id, tab="Promote")
    assert "Only completed trials can be promoted" in texts(app)
    assert not [each for each in app.button if each.label == "Promote"]


def test_optimism_says_where_another_schedule_has_a_part_in_it(
    open_page: Opener, lab: Client
) -> None:
    other, _ = lived_search(lab, name="on two epochs")
    lab.trials.promote(other.id, top=1, seeds=[7])
    told = tables(open_page("search", search=other.id, tab="Promote"))
    assert "It includes the effect of 3 instead of 2 epochs." in told


def test_of_the_same_schedule_the_optimism_is_luck_alone(open_page: Opener, lab: Client) -> None:
    around = search_around(read_preset("basic_cnn").experiment, max_trials=20)
    searched = add_search(lab, around, 12)
    lab.trials.promote(searched.id, top=1, seeds=[7])
    told = tables(open_page("search", search=searched.id, tab="Promote"))
    assert "Optimism: how much better the search score is.</caption>" in told


def test_epochs_that_vary_are_the_same_in_both(open_page: Opener, lab: Client) -> None:
    epochs = {
        "name": "epochs",
        "paths": ["training.epochs"],
        "range": {"kind": "choice", "values": [1, 2, 4]},
    }
    searched = added(lab, small_search(parameters=[epochs], budget={"max_trials": 3}))
    for number, value in enumerate((1, 2, 4)):
        end_trial(lab, begin_trial(lab, searched.id, {"epochs": value}), number / 4, is_best=True)
    lab.trials.promote(searched.id, top=3, seeds=[7])
    told = tables(open_page("search", search=searched.id, tab="Promote"))
    assert "Optimism: how much better the search score is.</caption>" in told


def test_trials_that_the_search_ended_early_are_told_of(open_page: Opener, lab: Client) -> None:
    around = search_around(read_preset("basic_cnn").experiment, max_trials=20)
    patient = EarlyStopping(patience=2)
    searched = add_search(lab, around.model_copy(update={"early_stopping": patient}), 12)
    lab.trials.promote(searched.id, top=1, seeds=[7])
    told = tables(open_page("search", search=searched.id, tab="Promote"))
    assert "It includes the effect of early stopping in the search.</caption>" in told
