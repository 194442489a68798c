"""Promise: a grid makes every combination once, tells them apart, and says what is wrong where."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InvalidExperiment
from core.spec import Experiment, parse
from core.spec.files import (
    experiment_from_toml,
    experiment_to_toml,
    grid_from_toml,
    read_experiment,
    read_grid,
)
from core.spec.grid import (
    MOST_RUNS,
    Grid,
    axis_from_text,
    combinations,
    grid_from_table,
    grid_of,
    points,
)

L2 = "model.regularization.conv_l2,model.regularization.dense_l2=1e-4,1e-1"


def grid(*texts: str) -> Grid:
    """The grid that these options of the command line make."""
    return grid_of(axis_from_text(text) for text in texts)


def test_every_combination_is_there_once_and_the_last_varies_quickest() -> None:
    made = points(parse({"name": "mine"}), grid("training.epochs=1,2", "training.batch_size=8,16"))
    got = [(each.training.epochs, each.training.batch_size) for each in made]
    assert got == [(1, 8), (1, 16), (2, 8), (2, 16)]
    assert combinations(grid("training.epochs=1,2", "training.batch_size=8,16")) == got


def test_paths_on_one_line_take_each_value_together() -> None:
    made = points(Experiment(), grid(L2))
    both = [each.model.regularization for each in made]
    assert [(each.conv_l2, each.dense_l2) for each in both] == [(1e-4, 1e-4), (1e-1, 1e-1)]


def test_only_what_is_varied_and_the_name_change() -> None:
    base = parse({"name": "mine", "notes": "kept", "seeds": [3, 4]})
    for made in points(base, grid("training.epochs=1,2")):
        epochs = made.training.model_copy(update={"epochs": base.training.epochs})
        assert made.model_copy(update={"training": epochs, "name": "mine"}) == base


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (("training.epochs=1,2",), ["mine epochs=1", "mine epochs=2"]),
        ((L2,), ["mine conv_l2=dense_l2=0.0001", "mine conv_l2=dense_l2=0.1"]),
        (("model.stages.0.pooling=none,max",), ["mine pooling=none", "mine pooling=max"]),
        (
            ("model.stages.0.pool_size=2", "model.stages.0.convolutions.0.filters=4,8"),
            ["mine pool_size=2, filters=4", "mine pool_size=2, filters=8"],
        ),
        (("model.dense_normalization=true,false",), None),
    ],
)
def test_names_tell_the_runs_apart(texts: tuple[str, ...], names: list[str] | None) -> None:
    made = [each.name for each in points(parse({"name": "mine"}), grid(*texts))]
    assert made == (names or ["mine dense_normalization=yes", "mine dense_normalization=no"])


def test_paths_that_end_alike_keep_as_much_as_tells_them_apart() -> None:
    base = parse({"name": "mine", "model": {"stages": [{}, {}]}})
    varied = grid("model.stages.0.dropout=0.1,0.2", "model.stages.1.dropout=0.3")
    assert points(base, varied)[0].name == "mine 0.dropout=0.1, 1.dropout=0.3"


def test_a_long_name_gives_way_to_its_values() -> None:
    made = points(parse({"name": "x" * 120}), grid("training.epochs=10,20"))
    assert all(len(each.name) <= 120 for each in made)
    assert [each.name[-9:] for each in made] == ["epochs=10", "epochs=20"]


@pytest.mark.parametrize(
    ("text", "field", "sentence"),
    [
        ("training.epochs", "training.epochs", "field=value"),
        ("training.epochs=", "training.epochs", "list of values"),
        ("=1,2", "grid", "list of values"),
        ("training.epochs=1,1.0", "training.epochs", "twice"),
        ("training.learning_rate=1,nan", "training.learning_rate", "finite"),
        ("training.epochs=0,1", "training.epochs", "Got 0"),
        ("training.epochs=1,many", "training.epochs", "Got 'many'"),
        ("training.epoch=1,2", "training.epoch", "no such field"),
        ("model.stages.7.dropout=0.1,0.2", "model.stages.7.dropout", "index from 0 to 0"),
        ("training.epochs=" + ",".join(map(str, range(1, 200))), "training.epochs", "at most 100"),
    ],
)
def test_what_is_wrong_is_said_once_at_its_field(text: str, field: str, sentence: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        points(Experiment(), grid(text))
    assert [error.field for error in caught.value.errors] == [field]
    assert sentence in str(caught.value)


def test_a_rule_over_several_fields_says_for_which_values() -> None:
    base = parse({"training": {"warmup_epochs": 3}})
    with pytest.raises(InvalidExperiment) as caught:
        points(base, grid("training.epochs=2,4"))
    [error] = caught.value.errors
    assert error.field == "training.warmup_epochs"
    assert error.message.startswith("With epochs=2: Warm-up is longer")


def test_one_field_cannot_be_varied_twice() -> None:
    with pytest.raises(InvalidExperiment, match="varied twice"):
        grid("training.epochs=1,2", "training.epochs=3")


def test_there_is_a_bound_and_seeds_count() -> None:
    ten = ",".join(map(str, range(1, 11)))
    varied = grid(f"training.epochs={ten}", f"training.batch_size={ten}")
    assert len(points(Experiment(), varied)) == MOST_RUNS
    with pytest.raises(InvalidExperiment, match="10 x 10 x 2 seeds = 200 runs") as caught:
        points(parse({"seeds": [1, 2]}), varied)
    assert caught.value.field == "grid"


def test_a_grid_of_thousands_of_fields_is_refused_at_once() -> None:
    # Its number of runs alone would have thousands of digits.
    with pytest.raises(InvalidExperiment, match="6,000 lists") as caught:
        grid_from_table({f"a.b{index}": list(range(1, 10)) for index in range(6000)})
    assert caught.value.field == "grid"


def test_no_axis_is_the_experiment_alone() -> None:
    many_seeds = parse({"name": "mine", "seeds": list(range(50))})
    assert points(many_seeds, Grid()) == [many_seeds]


def test_a_file_brings_its_grid_and_gives_it_back(tmp_path: Path) -> None:
    experiment, varied = parse({"name": "mine"}), grid(L2, "training.epochs=1,2")
    text = experiment_to_toml(experiment, varied)
    assert experiment_from_toml(text) == experiment
    assert grid_from_toml(text) == varied
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert (read_experiment(path), read_grid(path)) == (experiment, varied)
    path.write_text(experiment_to_toml(experiment))
    assert read_grid(path) is None


def test_unquoted_paths_are_read_too() -> None:
    assert grid_from_toml("[grid]\ntraining.epochs = [1, 2]") == grid("training.epochs=1,2")


@pytest.mark.parametrize(
    "table",
    [
        "grid = 3",
        "[grid]\n'training.epochs' = 3",
        "[grid]\n'training.epochs' = []",
        "[grid]\n'training.epochs' = [[1], [2]]",
        "[grid]\n'training.epochs' = [2024-01-01]",
        "[grid]\n'training.epochs' = [inf]",
        "[grid]\n'training.epochs' = [1, 1]",
    ],
)
def test_a_table_that_is_no_grid_is_refused(table: str) -> None:
    with pytest.raises(InvalidExperiment):
        grid_from_toml(table)
