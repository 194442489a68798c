"""The median rule stops trials behind the others, and no others."""

from __future__ import annotations

import math

import pytest

from core.search.pruning import RULES, should_prune
from core.spec.search import Direction, Pruning

MAX, MIN = Direction.MAX, Direction.MIN
SETTINGS = list(RULES)


def field_of(num: int, epochs: int = 10) -> list[list[float]]:
    """Curves that end at 0.1, 0.2, ...: the last is the best."""
    return [[(n + 1) / 10 * (e + 1) / epochs for e in range(epochs)] for n in range(num)]


@pytest.mark.parametrize("pruning", SETTINGS)
def test_the_worst_trial_is_stopped_and_the_best_is_not(pruning: Pruning) -> None:
    assert should_prune([0.0] * 6, field_of(9), pruning, MAX)
    assert not should_prune([1.0] * 6, field_of(9), pruning, MAX)


@pytest.mark.parametrize("pruning", SETTINGS)
def test_a_loss_is_better_when_it_is_smaller(pruning: Pruning) -> None:
    assert should_prune([2.0] * 6, field_of(9), pruning, MIN)
    assert not should_prune([-1.0] * 6, field_of(9), pruning, MIN)


@pytest.mark.parametrize("pruning", SETTINGS)
def test_nothing_is_stopped_before_the_warm_up(pruning: Pruning) -> None:
    warmup = RULES[pruning].warmup_epochs
    assert not should_prune([0.0] * (warmup - 1), field_of(9), pruning, MAX)
    assert should_prune([0.0] * warmup, field_of(9), pruning, MAX)


@pytest.mark.parametrize("pruning", SETTINGS)
def test_others_must_have_come_as_far(pruning: Pruning) -> None:
    least = RULES[pruning].min_trials
    short = [curve[:4] for curve in field_of(9)]
    assert not should_prune([0.0] * 6, field_of(least - 1) + short, pruning, MAX)
    assert should_prune([0.0] * 6, field_of(least) + short, pruning, MAX)


def test_the_settings_differ_in_what_they_risk() -> None:
    # Of nine others, three are worse: below the median, above the lower quarter.
    curve = [0.36 * (epoch + 1) / 10 for epoch in range(6)]
    stopped = {pruning: should_prune(curve, field_of(9), pruning, MAX) for pruning in SETTINGS}
    assert stopped == {
        Pruning.GENTLE: False,
        Pruning.STANDARD: True,
        Pruning.AGGRESSIVE: True,
    }
    # Five are worse: only the upper third is good enough for the last.
    curve = [0.56 * (epoch + 1) / 10 for epoch in range(6)]
    stopped = {pruning: should_prune(curve, field_of(9), pruning, MAX) for pruning in SETTINGS}
    assert stopped == {
        Pruning.GENTLE: False,
        Pruning.STANDARD: False,
        Pruning.AGGRESSIVE: True,
    }


def test_the_best_epoch_so_far_counts_not_the_last() -> None:
    assert not should_prune([0.9, 0.1, 0.1, 0.1, 0.1, 0.0], field_of(9), Pruning.STANDARD, MAX)


def test_trials_that_are_all_alike_go_on() -> None:
    assert not should_prune([0.5] * 6, [[0.5] * 6] * 9, Pruning.AGGRESSIVE, MAX)


def test_what_is_no_number_is_the_worst() -> None:
    assert should_prune([math.nan] * 6, field_of(9), Pruning.GENTLE, MAX)
    assert not should_prune([0.5] * 6, [[math.nan] * 6] * 9, Pruning.AGGRESSIVE, MAX)
    assert not should_prune([math.nan] * 6, [[math.nan] * 6] * 9, Pruning.AGGRESSIVE, MIN)


def test_without_a_rule_nothing_is_stopped() -> None:
    assert not should_prune([0.0] * 50, field_of(9, 50), Pruning.NONE, MAX)
