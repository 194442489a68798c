"""A search says what may vary, refuses what cannot be searched, and names the field."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import FieldCode, FieldError, InvalidExperiment, UnknownPreset
from core.spec import overrides, parser
from core.spec.search import (
    Search,
    apply_values,
    check_space,
    check_values,
    combinations,
    corners,
    num_combinations,
    parse_search,
    planned_epochs,
    planned_trials,
    read_search_preset,
    search_from_toml,
    search_preset_names,
    search_to_toml,
    values_key,
)

RATE = {
    "name": "rate",
    "paths": ["training.learning_rate"],
    "range": {"kind": "real", "minimum": 1e-4, "maximum": 1e-2, "scale": "log"},
}
DROPOUT = {
    "name": "dropout",
    "paths": ["model.regularization.conv_dropout", "model.dense.0.dropout"],
    "range": {"kind": "real", "minimum": 0, "maximum": 0.5, "step": 0.1},
}
FILTERS = {
    "name": "filters",
    "paths": ["model.stages.*.convolutions.*.filters"],
    "range": {"kind": "choice", "values": [8, 16]},
}
SWITCH = {"name": "on", "range": {"kind": "boolean"}}
ONLY_ON = {
    "name": "share",
    "paths": ["model.regularization.conv_dropout"],
    "range": {"kind": "choice", "values": [0.1, 0.2, 0.3]},
    "only_when": {"parameter": "on", "values": [True]},
}


def made(*parameters: dict[str, Any], **fields: Any) -> Search:
    """A search over parameters, of the first preset."""
    return parse_search({"preset": "basic_cnn", "parameters": list(parameters), **fields})


def refused(*parameters: dict[str, Any], **fields: Any) -> str:
    """The first wrong field of a search that does not parse."""
    with pytest.raises(InvalidExperiment) as error:
        made(*parameters, **fields)
    return error.value.field


def ranged(**fields: Any) -> dict[str, Any]:
    """A learning rate with a range of its own."""
    return {"name": "rate", "paths": ["training.learning_rate"], "range": fields}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "real", "minimum": 2, "maximum": 1}, "minimum"),
        ({"kind": "integer", "minimum": 2, "maximum": 1}, "minimum"),
        ({"kind": "real", "minimum": 0, "maximum": 1, "scale": "log"}, "minimum"),
        ({"kind": "integer", "minimum": -1, "maximum": 1, "scale": "log"}, "minimum"),
        ({"kind": "real", "minimum": 1, "maximum": 2, "scale": "log", "step": 1}, "step"),
        ({"kind": "real", "minimum": 0, "maximum": 1, "step": 1e-9}, "step"),
        ({"kind": "real", "minimum": 0, "maximum": 0.5, "step": 0.6}, "step"),
        ({"kind": "integer", "minimum": 1, "maximum": 4, "step": 4}, "step"),
        ({"kind": "integer", "minimum": 8, "maximum": 30, "step": 4, "scale": "log"}, "step"),
        ({"kind": "choice", "values": []}, "values"),
        ({"kind": "choice", "values": [1, "one"]}, "values"),
        ({"kind": "choice", "values": [1, 1]}, "values"),
        ({"kind": "choice", "values": [True, False]}, "values"),
        ({"kind": "variants", "variants": {}}, "variants"),
        ({"kind": "gaussian"}, "kind"),
    ],
)
def test_a_range_that_holds_nothing_is_refused_at_its_field(
    values: dict[str, Any], field: str
) -> None:
    assert refused(ranged(**values)) == f"parameters.0.range.{field}"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"objective": {"metric": "test_accuracy"}}, "objective.metric"),
        ({"objective": {"metric": "f1"}}, "objective.metric"),
        ({"preset": "no_such"}, "preset"),
        ({"base": {"training": {"epochs": 0}}}, "base.training.epochs"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"seed": 0}, "seed"),
        ({"budget": {"max_trials": 0}}, "budget.max_trials"),
        ({"algorithm": {"kind": "annealing"}}, "algorithm.kind"),
        ({"algorithm": {"kind": "grid"}}, "parameters.0.range.step"),
        ({"algorithm": {"kind": "hyperband"}, "pruning": "gentle"}, "pruning"),
    ],
)
def test_what_is_wrong_beside_the_ranges_is_named(fields: dict[str, Any], field: str) -> None:
    assert refused(RATE, **fields) == field


def test_parameters_must_fit_together() -> None:
    assert refused(RATE, RATE) == "parameters.1.name"
    assert refused(RATE, RATE | {"name": "again"}) == "parameters.1.paths"
    assert refused(ONLY_ON, SWITCH) == "parameters.0.only_when.parameter"
    wrong = ONLY_ON | {"only_when": {"parameter": "on", "values": ["yes"]}}
    assert refused(SWITCH, wrong) == "parameters.1.only_when.values"
    assert refused(SWITCH) == "parameters.0.paths"
    epochs = ranged(kind="choice", values=[1, 2]) | {"paths": ["training.epochs"]}
    assert refused(epochs, budget={"epochs": 3}) == "parameters.0.paths"
    assert refused() == "parameters"


BROKEN_SPACES = [
    (RATE | {"paths": ["training.learning_rat"]}, "parameters.0.paths.0"),
    (RATE | {"paths": ["training.learning_rat.deeper"]}, "parameters.0.paths.0"),
    (RATE | {"paths": ["model.stages.9.dropout"]}, "parameters.0.paths.0"),
    (RATE | {"paths": ["model.activation.*"]}, "parameters.0.paths.0"),
    (ranged(kind="real", minimum=0, maximum=1), "parameters.0.range"),
    (ranged(kind="choice", values=["fast", "slow"]), "parameters.0.range"),
    (ranged(kind="choice", values=[0.001]), "parameters"),
]


@pytest.mark.parametrize(("parameter", "field"), BROKEN_SPACES)
def test_a_space_that_breaks_the_experiment_is_found_before_the_start(
    parameter: dict[str, Any], field: str
) -> None:
    assert [error.field for error in check_space(made(parameter))] == [field]


@pytest.mark.parametrize(("parameter", "field"), BROKEN_SPACES)
def test_where_an_error_is_placed_does_not_follow_from_its_sentence(
    parameter: dict[str, Any], field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reworded(path: str, message: str, code: FieldCode = FieldCode.WRONG) -> FieldError:
        return FieldError(path, "Reworded.", code)

    for module in (parser, overrides):
        monkeypatch.setattr(module, "FieldError", reworded)
    assert [error.field for error in check_space(made(parameter))] == [field]


def test_what_breaks_elsewhere_says_with_which_values() -> None:
    warmup = {
        "name": "warm-up",
        "paths": ["training.warmup_epochs"],
        "range": {"kind": "choice", "values": [1.0, 9.0]},
    }
    schedule = {
        "name": "epochs",
        "paths": ["training.epochs"],
        "range": {"kind": "choice", "values": [5, 10]},
    }
    errors = check_space(made(schedule, warmup))
    assert [error.field for error in errors] == ["parameters.1.range"]
    assert "Warm-up is longer" in errors[0].message


def test_a_sound_space_has_no_errors() -> None:
    assert check_space(made(RATE, DROPOUT, FILTERS)) == []


def test_values_reach_every_field_of_their_parameter() -> None:
    search = made(RATE, DROPOUT, FILTERS, seeds=[3, 4], budget={"epochs": 2})
    trial = apply_values(search, {"rate": 0.003, "dropout": 0.2, "filters": 16})
    assert trial.training.learning_rate == 0.003
    assert trial.model.regularization.conv_dropout == trial.model.dense[0].dropout == 0.2
    assert {c.filters for stage in trial.model.stages for c in stage.convolutions} == {16}  # type: ignore[union-attr]
    assert (trial.seeds, trial.training.epochs) == ((3, 4), 2)
    assert apply_values(search, {"rate": 0.003}, epochs=7).training.epochs == 7


def test_a_parameter_that_is_absent_leaves_the_base_alone() -> None:
    search = made(SWITCH, ONLY_ON)
    assert apply_values(search, {"on": False}).model == search.base.model


def test_values_of_nobody_are_refused() -> None:
    with pytest.raises(InvalidExperiment) as error:
        apply_values(made(RATE), {"rat": 1})
    assert error.value.field == "values.rat"
    assert [each.field for each in check_values(made(SWITCH, ONLY_ON), {"on": True})] == [
        "values.share"
    ]
    assert [e.field for e in check_values(made(SWITCH, ONLY_ON), {"on": False, "share": 1})] == [
        "values.share"
    ]


def test_combinations_are_counted_without_what_is_not_in_force() -> None:
    search = made(SWITCH, ONLY_ON, FILTERS)
    listed = list(combinations(search))
    assert num_combinations(search) == len(listed) == (1 + 3) * 2
    assert listed[0] == {"on": False, "filters": 8}
    assert len({values_key(each) for each in listed}) == len(listed)
    assert num_combinations(made(RATE)) is None
    assert num_combinations(made(DROPOUT)) == 6


def test_a_huge_space_is_counted_at_once() -> None:
    switches = [
        {"name": f"on{n}", "range": {"kind": "choice", "values": list(range(1000))}}
        for n in range(8)
    ]
    waiting = [
        {
            "name": f"waits{n}",
            "paths": [f"model.regularization.field{n}"],
            "range": {"kind": "choice", "values": [0.1, 0.2, 0.3]},
            "only_when": {"parameter": f"on{n}", "values": [7]},
        }
        for n in range(8)
    ]
    assert num_combinations(made(*switches, *waiting)) == (999 + 3) ** 8


@pytest.mark.parametrize(
    "fields",
    [
        {"minimum": 0.0, "maximum": 1e300, "step": 1e-300},
        {"minimum": -1e308, "maximum": 1e308, "step": 1.0},
        {"minimum": 1e-300, "maximum": 1e300, "step": 1.0000000001, "scale": "log"},
    ],
)
def test_steps_beyond_counting_are_refused_at_their_field(fields: dict[str, Any]) -> None:
    assert refused(ranged(kind="real", **fields)) == "parameters.0.range.step"


def test_steps_end_at_the_maximum_without_binary_dust() -> None:
    assert made(DROPOUT).parameters[0].range.listed() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    tens = ranged(kind="real", minimum=1e-4, maximum=1e-1, step=10, scale="log")
    assert made(tens).parameters[0].range.listed() == [1e-4, 1e-3, 1e-2, 1e-1]
    twos = ranged(kind="integer", minimum=16, maximum=200, step=2, scale="log")
    assert made(twos).parameters[0].range.listed() == [16, 32, 64, 128]


def test_corners_of_a_large_space_stay_few_and_hold_the_ends() -> None:
    found = corners(made(RATE, DROPOUT, FILTERS), most=20)
    assert len(found) <= 40
    assert {each["rate"] for each in found} == {1e-4, 1e-2}
    assert {each["dropout"] for each in found} >= {0.0, 0.5}


def test_equal_combinations_have_equal_keys() -> None:
    assert values_key({"a": 1, "b": "x"}) == values_key({"b": "x", "a": 1.0})
    assert values_key({"a": 1}) != values_key({"a": True})
    assert values_key({"a": 1}) != values_key({"a": "1"})


def test_a_search_survives_toml_and_json() -> None:
    search = made(SWITCH, ONLY_ON, RATE, algorithm={"kind": "bayesian"}, name="mine")
    assert search_from_toml(search_to_toml(search)) == search
    assert parse_search(search.to_dict()) == search


def test_direction_follows_the_metric() -> None:
    assert made(RATE, objective={"metric": "val_loss"}).objective.direction == "min"
    assert made(RATE, objective={"metric": "val_loss"}).objective.better(0.1, than=0.2)
    assert made(RATE).objective.direction == "max"


def test_plans_of_every_algorithm_are_counted() -> None:
    grid = made(DROPOUT, FILTERS, algorithm={"kind": "grid"}, budget={"max_trials": 100})
    assert planned_trials(grid) == 12
    assert planned_epochs(grid) == 12 * grid.base.training.epochs
    band = {"kind": "hyperband", "max_epochs": 9, "factor": 3}
    assert planned_trials(made(RATE, algorithm=band, budget={"max_trials": 100})) == 23
    assert planned_epochs(made(RATE, algorithm=band, budget={"max_trials": 100})) == 75


@pytest.mark.parametrize("name", search_preset_names())
def test_a_search_that_ships_can_run_and_says_what_it_teaches(name: str) -> None:
    preset = read_search_preset(name)
    assert check_space(preset.search) == []
    assert planned_trials(preset.search) == preset.search.budget.max_trials
    assert preset.search.base.data.train_size is not None
    assert len(preset.about.teaches.split()) >= 30
    assert preset.about.lesson.endswith(".")
    assert search_from_toml(search_to_toml(preset.search)) == preset.search


def test_the_searches_of_the_recipes_are_there() -> None:
    assert {"lab_search", "regularization", "learning_rate", "architecture"} <= set(
        search_preset_names()
    )
    with pytest.raises(UnknownPreset, match="lab_search"):
        read_search_preset("../presets/basic_cnn")
