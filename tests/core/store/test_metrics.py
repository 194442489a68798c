"""Every epoch is there once, with the very numbers that were reported."""

from __future__ import annotations

import math

import pytest

from core.records.runs import Best, RunState
from core.store.store import Store
from tests.core.store.lives import epoch, running


def test_an_epoch_comes_back_split_and_named(store: Store) -> None:
    run = running(store)
    store.metrics.save_epoch(run.id, 1, epoch(2, loss=0.25, val_loss=0.5))
    found = {(m.split, m.name): m for m in store.metrics.list([run.id])}
    assert set(found) == {
        ("train", "loss"),
        ("train", "accuracy"),
        ("train", "learning_rate"),
        ("validation", "loss"),
        ("validation", "accuracy"),
    }
    assert found["train", "loss"].value == 0.25
    assert found["validation", "loss"].value == 0.5
    assert (found["train", "loss"].seconds, found["train", "loss"].images) == (4.0, 200)
    assert store.runs.get(run.id).epochs_done == 2


def test_an_epoch_that_is_written_again_replaces_itself(store: Store) -> None:
    run = running(store)
    store.metrics.save_epoch(run.id, 1, epoch(1, loss=9.0, extra=1.0))
    store.metrics.save_epoch(run.id, 1, epoch(1, loss=3.0))
    values = {m.name: m.value for m in store.metrics.list([run.id]) if m.split == "train"}
    assert values["loss"] == 3.0
    assert "extra" not in values


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-320, 1 / 3])
def test_numbers_of_every_kind_survive(store: Store, value: float) -> None:
    run = running(store)
    store.metrics.save_epoch(run.id, 1, epoch(1, loss=value))
    back = next(
        m.value for m in store.metrics.list([run.id]) if m.name == "loss" and m.split == "train"
    )
    assert back == value or (math.isnan(back) and math.isnan(value))
    column = store.metrics.columns([run.id])
    places = [i for i, name in enumerate(column["name"]) if name == "loss"]
    shown = next(column["value"][i] for i in places if column["split"][i] == "train")
    assert shown == value or (math.isnan(shown) and math.isnan(value))


def test_the_last_epoch_of_every_run_is_one_look(store: Store) -> None:
    first, second = running(store), running(store)
    for number in (1, 2, 3):
        store.metrics.save_epoch(
            first.id, 1, epoch(number, val_accuracy=number / 10, loss=math.nan)
        )
    store.metrics.save_epoch(second.id, 1, epoch(1, val_accuracy=0.75))
    store.metrics.save_test_metrics(second.id, 1, {"accuracy": 0.125})
    last = store.metrics.last()
    assert last[first.id]["validation accuracy"] == 0.3
    assert math.isnan(last[first.id]["train loss"])
    assert last[second.id]["validation accuracy"] == 0.75
    assert not any(name.startswith("test") for name in last[second.id])


def test_best_is_the_earliest_of_the_highest_validation_accuracies(store: Store) -> None:
    run = running(store)
    for number, accuracy in enumerate((0.5, 0.7, math.nan, 0.7, 0.6), start=1):
        store.metrics.save_epoch(run.id, 1, epoch(number, val_accuracy=accuracy, val_loss=1.0))
    assert store.runs.get(run.id).best == Best(2, 0.7, 1.0)


def test_a_restored_history_replaces_all_of_it_and_later_epochs_go(store: Store) -> None:
    run = running(store)
    for number in (1, 2, 3, 4):
        store.metrics.save_epoch(run.id, 1, epoch(number, loss=9.0))
    store.metrics.save_test_metrics(run.id, 2, {"accuracy": 0.6})
    history = [epoch(number) for number in (1, 2)]
    store.metrics.replace_history(run.id, 1, history)
    found = [m for m in store.metrics.list([run.id]) if m.name == "loss" and m.split == "train"]
    assert [(m.epoch, m.value) for m in found] == [(1, 1.0), (2, 0.5)]
    assert [m.value for m in store.metrics.list([run.id]) if m.split == "test"] == [0.6]
    after = store.runs.get(run.id)
    assert after.epochs_done == 2
    assert after.best is not None
    assert after.best.epoch == 2
    store.metrics.replace_history(run.id, 1, [])
    assert store.metrics.list([run.id]) == []
    assert store.runs.get(run.id).best is None


def test_metrics_of_several_runs_after_an_epoch(store: Store) -> None:
    first, second = running(store), running(store)
    for run in (first, second):
        for number in (1, 2, 3):
            store.metrics.save_epoch(run.id, 1, epoch(number))
    found = store.metrics.list([first.id, second.id], after=2)
    assert {(m.run_id, m.epoch) for m in found} == {(first.id, 3), (second.id, 3)}
    columns = store.metrics.columns([first.id])
    assert {len(column) for column in columns.values()} == {15}


def test_speeds_leave_the_first_epoch_out(store: Store) -> None:
    run = running(store)
    store.trainers.set_work(run.id, 1, machine="this", flops_per_image=1e6)
    assert store.metrics.past_speeds("this") == []
    store.metrics.save_epoch(run.id, 1, epoch(1))
    assert store.metrics.past_speeds("this")[0].seconds_per_image == pytest.approx(0.02)
    slow_start = epoch(2)
    store.metrics.save_epoch(
        run.id, 1, type(slow_start)(2, slow_start.metrics, seconds=3.0, images=200)
    )
    assert store.metrics.past_speeds("this")[0].seconds_per_image == pytest.approx(0.01)
    assert store.metrics.past_speeds("another") == []
    store.runs.end(run.id, 1, RunState.FINISHED, reason="done")
    assert len(store.metrics.past_speeds("this")) == 1
