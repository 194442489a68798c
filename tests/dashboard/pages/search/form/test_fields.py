"""Promise: everything that a spec lets vary can be chosen, with a range that the spec accepts."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidExperiment
from core.spec import Experiment, Model, Stage
from core.spec.blocks import NormalConv
from core.spec.files import preset_names, read_preset
from core.spec.search import num_combinations, parse_search
from dashboard.pages.search.form.fields import (
    Varying,
    first_range,
    kinds,
    parameter,
    range_of_kind,
    varying,
)

TWO = Model(stages=(Stage(convolutions=(NormalConv(filters=16), NormalConv(filters=32))),))
BASE = Experiment(model=TWO)
KNOWN = varying(BASE.to_dict())


def searched(field: Varying, span: dict[str, Any]) -> Any:
    return parse_search(
        {
            "name": "s",
            "base": BASE.to_dict(),
            "parameters": [parameter(field, field.name) | {"range": span}],
        }
    )


@pytest.mark.parametrize("key", KNOWN)
def test_the_first_range_of_every_field_is_one_that_a_search_takes(key: str) -> None:
    search = searched(KNOWN[key], first_range(KNOWN[key]))
    assert num_combinations(search) != 1


@pytest.mark.parametrize("key", KNOWN)
def test_so_is_that_of_every_other_kind_on_offer(key: str) -> None:
    for kind in kinds(KNOWN[key].shape):
        span = range_of_kind(KNOWN[key], kind)
        assert span["kind"] == kind
        searched(KNOWN[key], span)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_searched_around(name: str) -> None:
    known = varying(read_preset(name).experiment.to_dict())
    assert {"training.learning_rate", "training.batch_size", "model.activation"} <= set(known)


def test_what_a_run_is_called_does_not_vary() -> None:
    assert not {"name", "notes", "seeds"} & set(KNOWN)


def test_a_backbone_is_not_offered_where_there_are_stages() -> None:
    assert not [key for key in KNOWN if "backbone" in key or "fine_tuning" in key]


def test_layers_of_a_kind_can_vary_together() -> None:
    [every] = [each for each in KNOWN.values() if each.title.startswith("Filters of every")]
    assert every.paths == (
        "model.stages.0.convolutions.0.filters",
        "model.stages.0.convolutions.1.filters",
    )
    assert every.name == "filters"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "training.learning_rate",
            {"kind": "real", "minimum": 1e-4, "maximum": 1e-2, "step": None, "scale": "log"},
        ),
        (
            "model.regularization.conv_dropout",
            {"kind": "real", "minimum": 0.0, "maximum": 0.5, "step": 0.1, "scale": "linear"},
        ),
        (
            "training.batch_size",
            {"kind": "integer", "minimum": 32, "maximum": 128, "step": 2, "scale": "log"},
        ),
        ("data.augmentation.horizontal_flip", {"kind": "boolean"}),
    ],
)
def test_ranges_begin_around_the_base(path: str, expected: dict[str, Any]) -> None:
    if path not in KNOWN:
        pytest.fail(f"{path} is gone; there are {sorted(KNOWN)}")
    assert first_range(KNOWN[path]) == expected


def test_an_empty_range_is_wrong_at_its_field() -> None:
    rate = KNOWN["training.learning_rate"]
    with pytest.raises(InvalidExperiment) as caught:
        searched(rate, first_range(rate) | {"minimum": 1.0, "maximum": 0.1})
    assert [each.field for each in caught.value.errors] == ["parameters.0.range.minimum"]
