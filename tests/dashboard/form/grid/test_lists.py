"""Promise: any field with one value can take a list, and the lists make the grid they show."""

from __future__ import annotations

import pytest

from core.spec import Experiment, parse
from core.spec.files import preset_names, read_preset
from core.spec.grid import axis_from_text, grid_of, points
from dashboard.form.grid.fields import can_vary
from dashboard.form.grid.lists import Lists


def test_what_the_form_shows_first_is_offered_first() -> None:
    offered = list(can_vary(Experiment().to_dict()))
    assert offered[:2] == ["data.dataset", "training.epochs"]
    assert {"name", "notes", "seeds"}.isdisjoint(offered)


@pytest.mark.parametrize("name", preset_names())
def test_every_offered_field_can_be_varied_from_the_value_it_has(name: str) -> None:
    experiment = read_preset(name).experiment
    offered = can_vary(experiment.to_dict())
    assert len({each.title for each in offered.values()}) == len(offered)
    for path, field in offered.items():
        [point] = points(experiment, grid_of([axis_from_text(f"{path}={field.now or 'none'}")]))
        # Naming the same kind changes nothing; naming the same value neither.
        assert point.model_copy(update={"name": experiment.name}) == experiment


def test_groups_that_are_off_and_wrong_values_are_left_alone() -> None:
    raw = parse({}).to_dict()
    assert not any(path.startswith("training.early_stopping") for path in can_vary(raw))
    raw["training"]["optimizer"]["kind"] = "nothing"
    raw["training"]["epochs"] = "many"
    offered = can_vary(raw)
    assert "training.optimizer.kind" in offered
    assert "training.optimizer.beta_1" not in offered
    assert offered["training.epochs"].now == "many"


def test_a_list_says_what_its_field_expects() -> None:
    offered = can_vary(Experiment().to_dict())
    assert offered["training.epochs"].expected == "1 to 1,000"
    assert "max" in offered["model.stages.0.pooling"].expected
    assert offered["model.dense_normalization"].expected == "true, false"
    assert offered["model.stages.0.convolutions.0.filters"].title == (
        "Stage 1, Convolution 1, Filters"
    )


def test_lists_make_a_grid_and_say_which_of_them_is_wrong() -> None:
    lists = Lists()
    lists.add("training.epochs", "3")
    assert lists.texts == {"training.epochs": "3, "}
    lists.texts["training.epochs"] = "3, 4"
    lists.texts["training.batch_size"] = ""
    grid, errors = lists.grid()
    assert grid.num_points == 2
    assert [error.field for error in errors] == ["training.batch_size"]
    lists.remove("training.batch_size")
    assert lists.grid() == (grid_of([axis_from_text("training.epochs=3,4")]), [])


def test_another_start_clears_them_and_a_grid_fills_them() -> None:
    l2 = read_preset("l2")
    assert l2.grid is not None
    lists = Lists()
    lists.add("training.epochs", "3")
    lists.take(l2.grid, "the preset")
    assert lists.grid() == (l2.grid, [])
    lists.follow("the preset")
    assert lists.texts
    lists.follow("another")
    assert lists.texts == {}
