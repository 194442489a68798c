"""Promise: a draft never loses what was typed, and every step can be taken back."""

from __future__ import annotations

import pytest

from core.spec import Backbone, Experiment, parse
from core.spec.blocks import DilatedConv, NormalConv, PointwiseConv
from core.spec.training import SGD, Adam, EarlyStopping
from dashboard.form.draft import Draft

CONVOLUTION = ("model", "stages", 0, "convolutions", 0)
OPTIMIZER = ("training", "optimizer")


@pytest.fixture
def draft() -> Draft:
    return Draft(Experiment(), origin="the defaults")


def test_undo_takes_back_one_change_at_a_time(draft: Draft) -> None:
    draft.set(("training", "epochs"), 3)
    draft.set(("training", "batch_size"), 32)
    draft.undo()
    assert draft.get(("training", "epochs")) == 3
    assert draft.get(("training", "batch_size")) == 64
    draft.undo()
    assert not draft.can_undo
    assert parse(draft.raw) == Experiment()


def test_writing_the_same_value_is_no_step(draft: Draft) -> None:
    draft.set(("training", "epochs"), 10)
    assert not draft.can_undo


def test_another_kind_keeps_shared_values_and_comes_back_with_its_own(draft: Draft) -> None:
    draft.set((*CONVOLUTION, "filters"), 48)
    draft.choose_kind(CONVOLUTION, DilatedConv().model_dump(mode="json"), ["filters"])
    draft.set((*CONVOLUTION, "dilation_rate"), 5)
    draft.choose_kind(CONVOLUTION, NormalConv().model_dump(mode="json"), ["filters"])
    assert draft.get(CONVOLUTION)["filters"] == 48
    assert "dilation_rate" not in draft.get(CONVOLUTION)
    draft.choose_kind(CONVOLUTION, DilatedConv().model_dump(mode="json"), ["filters"])
    assert draft.get(CONVOLUTION)["dilation_rate"] == 5


def test_a_fixed_value_of_one_kind_does_not_reach_another(draft: Draft) -> None:
    draft.set((*CONVOLUTION, "kernel_size"), 5)
    draft.choose_kind(CONVOLUTION, PointwiseConv().model_dump(mode="json"), ["filters"])
    assert draft.get(CONVOLUTION)["kernel_size"] == 1
    draft.choose_kind(CONVOLUTION, NormalConv().model_dump(mode="json"), ["filters"])
    assert draft.get(CONVOLUTION)["kernel_size"] == 5


def test_the_same_kind_again_changes_nothing(draft: Draft) -> None:
    draft.set((*OPTIMIZER, "beta_1"), 0.8)
    draft.choose_kind(OPTIMIZER, Adam().model_dump(mode="json"), [])
    assert draft.get((*OPTIMIZER, "beta_1")) == 0.8


def test_an_optional_group_comes_back_as_it_was(draft: Draft) -> None:
    path = ("training", "early_stopping")
    draft.switch(path, True, EarlyStopping().model_dump(mode="json"))
    draft.set((*path, "patience"), 4)
    draft.switch(path, False, {})
    assert draft.get(path) is None
    draft.switch(path, True, EarlyStopping().model_dump(mode="json"))
    assert draft.get((*path, "patience")) == 4


def test_a_pretrained_network_and_stages_take_each_others_place(draft: Draft) -> None:
    path, stages = ("model", "backbone"), ("model", "stages")
    before = draft.get(stages)
    network = Backbone(network="VGG16").model_dump(mode="json")
    draft.exchange(path, True, network, instead=stages, stages=[])
    assert (draft.get(path)["network"], draft.get(stages)) == ("VGG16", [])
    assert parse(draft.raw).model.backbone is not None
    draft.set((*path, "network"), "ResNet50")
    draft.exchange(path, False, network, instead=stages, stages=[])
    assert (draft.get(path), draft.get(stages)) == (None, before)
    draft.exchange(path, True, network, instead=stages, stages=[])
    assert draft.get((*path, "network")) == "ResNet50"
    draft.undo()
    assert draft.get(stages) == before


def test_list_items_are_added_copied_moved_and_removed(draft: Draft) -> None:
    path = ("model", "stages")
    draft.set((*CONVOLUTION, "filters"), 16)
    draft.duplicate(path, 0)
    draft.set((*path, 1, "convolutions", 0, "filters"), 99)
    assert [stage["convolutions"][0]["filters"] for stage in draft.get(path)] == [16, 99]
    draft.move(path, 1, -1)
    assert [stage["convolutions"][0]["filters"] for stage in draft.get(path)] == [99, 16]
    draft.move(path, 0, -1)
    draft.remove(path, 0)
    assert [stage["convolutions"][0]["filters"] for stage in draft.get(path)] == [16]


def test_widgets_are_drawn_afresh_when_values_move_under_them(draft: Draft) -> None:
    before = draft.generation
    draft.set(("training", "epochs"), 3)
    assert draft.generation == before
    draft.duplicate(("model", "stages"), 0)
    assert draft.generation > before


def test_another_start_and_reset_can_be_undone(draft: Draft) -> None:
    draft.set(("training", "epochs"), 3)
    draft.start_from(Experiment(name="other"), origin="other", preset="other")
    assert not draft.changed
    draft.set(("training", "epochs"), 7)
    draft.reset()
    assert draft.get(("training", "epochs")) == 10
    for _ in range(3):
        draft.undo()
    assert (draft.origin, draft.preset) == ("the defaults", None)
    assert draft.get(("training", "epochs")) == 3


def test_steps_do_not_share_their_values(draft: Draft) -> None:
    draft.choose_kind(OPTIMIZER, SGD().model_dump(mode="json"), [])
    draft.set((*OPTIMIZER, "momentum"), 0.1)
    draft.undo()
    assert draft.get((*OPTIMIZER, "momentum")) == 0.9


def test_a_left_over_widget_carries_nothing_of_the_old_start_into_the_new_one() -> None:
    draft = Draft(parse({"training": {"epochs": 15}}), origin="one")
    path, drawn = ("training", "epochs"), draft.generation
    assert draft.is_edit(path, 15, shown=15, generation=drawn)
    draft.start_from(parse({"training": {"epochs": 25}}), origin="other")
    assert not draft.is_edit(path, 15, shown=15, generation=drawn)
    # What was really typed while the page was being drawn counts.
    assert draft.is_edit(path, 3, shown=15, generation=drawn)


def test_a_left_over_widget_of_an_item_that_is_gone_changes_nothing() -> None:
    draft = Draft(parse({"model": {"dense": [{"units": 8}]}}), origin="one")
    path, drawn = ("model", "dense", 0, "units"), draft.generation
    draft.remove(("model", "dense"), 0)
    assert not draft.is_edit(path, 16, shown=8, generation=drawn)
