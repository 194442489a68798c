"""Important hyperparameters are found, with their sign; a few trials give no importance."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from core.search.importance import MIN_TRIALS, importance
from core.spec.search import Search
from tests.core.search.objective import DROPOUT, FILTERS, RATE, SHARE, SWITCH, search_over

CONSTANT = {
    "name": "constant",
    "paths": ["model.activation"],
    "range": {"kind": "choice", "values": ["relu"]},
}
WORDS = CONSTANT | {"name": "words", "range": {"kind": "choice", "values": ["relu", "tanh"]}}


@dataclass(frozen=True)
class Past:
    """As much of a trial as is read."""

    values: Mapping[str, Any]
    score: float | None
    state: str = "completed"


def drawn(num: int, score: Callable[[Mapping[str, Any]], float], seed: int = 1) -> list[Past]:
    """Trials at random over rate, on, share, words."""
    source, trials = random.Random(seed), []
    for _ in range(num):
        on = source.random() < 0.6
        values: dict[str, Any] = {"rate": 10 ** source.uniform(-4, -1), "on": on}
        if on:
            values["share"] = source.uniform(0.0, 0.5)
        values |= {"constant": "relu", "words": source.choice(["relu", "tanh"])}
        trials.append(Past(values, score(values)))
    return trials


@pytest.fixture
def search() -> Search:
    return search_over(RATE, SWITCH, SHARE, CONSTANT, WORDS | {"paths": ["model.flatten"]})


def by_rate(values: Mapping[str, Any]) -> float:
    return -math.log10(values["rate"])


def test_the_parameter_that_decides_comes_first_with_its_sign(search: Search) -> None:
    first, *others = importance(search, drawn(60, by_rate))
    assert first.name == "rate"
    assert first.share > 0.8
    assert first.correlation == pytest.approx(-1.0)
    assert sum(each.share for each in (first, *others)) == pytest.approx(1.0)


def test_a_smaller_loss_is_what_counts_where_the_direction_says_so() -> None:
    search = search_over(RATE, FILTERS, objective={"metric": "val_loss"})
    source = random.Random(2)
    trials = [
        Past({"rate": 10 ** source.uniform(-4, -1), "filters": filters}, filters / 32)
        for filters in (8, 16, 32) * 10
    ]
    first = importance(search, trials)[0]
    assert first.name == "filters"
    assert first.correlation == pytest.approx(1.0)


def test_a_conditional_parameter_counts_where_it_is_in_force(search: Search) -> None:
    trials = drawn(80, lambda values: -values["share"] if "share" in values else -1.0)
    found = {each.name: each for each in importance(search, trials)}
    assert found["share"].share + found["on"].share > 0.8
    assert found["share"].num_trials < found["on"].num_trials == 80
    assert found["share"].correlation == pytest.approx(-1.0)


def test_what_never_varied_has_no_share_and_words_no_sign(search: Search) -> None:
    found = {each.name: each for each in importance(search, drawn(40, by_rate))}
    assert (found["constant"].share, found["constant"].correlation) == (0.0, None)
    assert found["words"].correlation is None


def test_below_ten_completed_trials_nothing_is_claimed(search: Search) -> None:
    trials = drawn(MIN_TRIALS - 1, by_rate)
    unusable = [
        Past(trials[0].values, None, "failed"),
        Past({**trials[0].values, "rate": 1e-3}, 0.5, "pruned"),
        Past({**trials[0].values, "rate": 2e-3}, math.nan),
        Past({**trials[0].values, "rate": 9.0}, 0.5),  # by hand, outside the range
        Past(trials[0].values, 0.5),  # the same combination again
    ]
    assert importance(search, [*trials, *unusable]) == []
    assert len(importance(search, drawn(MIN_TRIALS, by_rate))) == len(search.parameters)


def test_equal_scores_say_that_nothing_mattered(search: Search) -> None:
    found = importance(search, drawn(20, lambda values: 0.5))
    assert {each.share for each in found} == {0.0}
    assert {each.correlation for each in found} == {None}


def test_a_single_step_of_a_real_range_is_no_obstacle() -> None:
    step = DROPOUT | {"range": DROPOUT["range"] | {"step": 0.1}}
    search = search_over(step, FILTERS)
    trials = [
        Past({"dropout": tenths / 10, "filters": filters}, tenths / 10)
        for tenths in range(6)
        for filters in (8, 16, 32)
    ]
    assert importance(search, trials)[0].name == "dropout"
