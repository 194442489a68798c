"""Proposals survive crashes, repeat nothing, end small spaces, and find the best region."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.search.proposals import Exhausted, Outcome, Proposal
from core.search.proposer import Proposer
from core.spec.search import combinations, num_combinations, values_key
from tests.core.search.objective import (
    DROPOUT,
    FILTERS,
    RATE,
    SHARE,
    SWITCH,
    UNITS,
    Controller,
    peak,
    search_over,
)

KINDS = ("random", "grid", "bayesian", "hyperband")
STEPS = {
    "rate": RATE | {"range": RATE["range"] | {"step": 10.0}},
    "dropout": DROPOUT | {"range": DROPOUT["range"] | {"step": 0.1}},
}


def parameters_of(kind: str) -> list[dict[str, Any]]:
    """A grid can only have values that can be listed."""
    return [*STEPS.values(), FILTERS] if kind == "grid" else [RATE, DROPOUT]


@pytest.mark.parametrize("in_flight", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_rebuilt_proposer_goes_on_as_if_nothing_had_happened(kind: str, in_flight: int) -> None:
    search = search_over(*parameters_of(kind), kind=kind)
    # The Gaussian process takes its time; four trials go before it.
    num_trials = 7 if kind == "bayesian" else 20
    whole = Controller(search, in_flight).run(num_trials)
    killed = Controller(search, in_flight).run(num_trials, die_every=2)
    assert killed == whole
    assert len(whole) == num_trials


@pytest.mark.parametrize("kind", KINDS)
def test_failures_do_not_end_a_search_and_are_remembered(kind: str) -> None:
    def outcome(number: int) -> Outcome:
        return "failed" if number < 5 else "completed"

    search = search_over(*parameters_of(kind), kind=kind)
    whole = Controller(search, outcome=outcome).run(8)
    killed = Controller(search, outcome=outcome).run(8, die_every=3)
    assert len(whole) == 8
    assert killed == whole


@pytest.mark.parametrize(
    ("kind", "in_flight"),
    [("random", 1), ("random", 2), ("grid", 1), ("grid", 2), ("bayesian", 2)],
)
def test_a_small_space_is_tried_in_full_and_says_so(kind: str, in_flight: int) -> None:
    search = search_over(FILTERS, SWITCH, SHARE | {"range": FILTERS["range"]}, kind=kind)
    total = num_combinations(search)
    controller = Controller(search, in_flight)
    found = controller.run(100)
    assert total == 12
    assert len(found) == len({values_key(each.values) for each in found}) == total
    assert {values_key(each.values) for each in found} == set(map(values_key, combinations(search)))
    assert controller.reason == "All 12 combinations were tried."


def test_the_end_of_a_small_space_is_the_same_after_a_crash() -> None:
    search = search_over(FILTERS, UNITS, kind="bayesian")
    whole = Controller(search, in_flight=3).run(12)
    # Choices that the Gaussian process repeated were replaced, which the keys remember.
    assert any(each.key.endswith("r") for each in whole)
    assert Controller(search, in_flight=3).run(12, die_every=3) == whole


def test_hyperband_continues_the_best_of_the_round_before() -> None:
    controller = Controller(search_over(RATE, DROPOUT, kind="hyperband"))
    found = controller.run(100)
    by_key = {each.key: each for each in found}
    continued = [each for each in found if each.continues]
    assert (len(found), len(continued)) == (23, 6)
    for each in continued:
        before = by_key[each.continues or ""]
        assert each.values == before.values
        assert each.initial_epoch == before.epochs
    assert {(each.initial_epoch, each.epochs) for each in found} == {
        (0, 1),
        (1, 3),
        (3, 9),
        (0, 3),
        (3, 9),
        (0, 9),
    }
    first = sorted(found[:9], key=lambda each: -peak(each.values))[:3]
    promoted = [each for each in continued if each.epochs == 3]
    assert {each.continues for each in promoted} == {each.key for each in first}
    assert "all its rounds" in controller.reason


def test_hyperband_does_not_go_on_with_a_trial_that_was_stopped() -> None:
    controller = Controller(
        search_over(RATE, DROPOUT, kind="hyperband"),
        outcome=lambda number: "stopped" if number == 1 else "completed",
    )
    found = controller.run(100)
    assert found[0].key not in {each.continues for each in found}


@pytest.mark.parametrize("kind", KINDS)
def test_a_trial_by_hand_is_never_proposed_again(kind: str) -> None:
    search = search_over(FILTERS, UNITS, kind=kind)
    proposer = Proposer(search)
    by_hand = proposer.add({"filters": 8, "units": 16})
    proposer.tell(by_hand.key, "completed", 0.5, 1)
    controller = Controller(search)
    controller.proposer = proposer
    found = controller.run(100)
    assert values_key(by_hand.values) not in {
        values_key(each.values) for each in found if not each.continues
    }
    if kind != "hyperband":
        assert len(found) == 11


def test_values_of_a_trial_by_hand_may_lie_outside_the_space() -> None:
    proposer = Proposer(search_over(FILTERS, UNITS, kind="bayesian"))
    by_hand = proposer.add({"filters": 9, "units": 1000})
    proposer.tell(by_hand.key, "completed", 0.9, 1)
    assert isinstance(proposer.ask(), Proposal)


def test_a_trial_without_a_finite_score_teaches_nothing() -> None:
    proposer = Proposer(search_over(RATE, DROPOUT, kind="bayesian"))
    for score in (math.nan, math.inf, None, 0.5):
        asked = proposer.ask()
        assert isinstance(asked, Proposal)
        proposer.tell(asked.key, "completed", score, 1)
    assert isinstance(proposer.ask(), Proposal)


def test_conditions_hold_in_every_proposal() -> None:
    found = Controller(search_over(SWITCH, SHARE, RATE)).run(30)
    assert {each.values["on"] for each in found} == {True, False}
    assert all(("share" in each.values) == each.values["on"] for each in found)


def test_values_stay_plain_and_within_their_range() -> None:
    units = UNITS | {"range": {"kind": "integer", "minimum": 1, "maximum": 3, "scale": "log"}}
    found = Controller(search_over(units, RATE, kind="bayesian")).run(7)
    for each in found:
        assert type(each.values["units"]) is int
        assert 1 <= each.values["units"] <= 3
        assert type(each.values["rate"]) is float
        assert 1e-4 <= each.values["rate"] <= 1e-1


@pytest.mark.parametrize(("kind", "num_trials"), [("random", 40), ("bayesian", 12)])
def test_the_best_region_is_found(kind: str, num_trials: int) -> None:
    assert_found(Controller(search_over(RATE, DROPOUT, kind=kind)).run(num_trials))


def test_hyperband_finds_the_best_region() -> None:
    band = {"kind": "hyperband", "max_epochs": 9, "factor": 3, "iterations": 2}
    assert_found(Controller(search_over(RATE, DROPOUT, algorithm=band)).run(100))


def test_the_grid_finds_the_best_region() -> None:
    assert_found(Controller(search_over(*STEPS.values(), kind="grid")).run(100))


def assert_found(trials: list[Proposal]) -> None:
    """The best trial lies near the peak that the objective is known to have."""
    best = max(trials, key=lambda each: peak(each.values, each.epochs))
    assert abs(math.log10(best.values["rate"]) + 2) < 0.5
    assert abs(best.values["dropout"] - 0.2) <= 0.15


def test_another_seed_draws_otherwise() -> None:
    one, other = (Controller(search_over(RATE, seed=seed)).run(3) for seed in (1, 2))
    assert [each.values for each in one] != [each.values for each in other]


def test_nothing_left_stays_nothing_left() -> None:
    controller = Controller(search_over(FILTERS, kind="grid"))
    controller.run(10)
    assert isinstance(controller.proposer.ask(), Exhausted)
    controller.rebuild()
    assert isinstance(controller.proposer.ask(), Exhausted)
