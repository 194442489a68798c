"""Promise: the time left is that of the remaining trials, and at most the budget's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from dashboard.pages.search.budget import remaining

USUAL: dict[str, Any] = {
    "num_done": 4,
    "max_trials": 10,
    "num_running": 0,
    "running_for_s": 0.0,
    "parallel": 1,
    "hours": None,
    "spent_s": 0.0,
}


@pytest.mark.parametrize(
    ("took", "changes", "trials", "seconds"),
    [
        ([10, 20, 30], {}, 6, 120),
        ([10, 20, 30], {"parallel": 2}, 6, 60),
        ([20], {"num_running": 1, "running_for_s": 15.0}, 6, 105),
        # A trial that takes longer than the others does not make the rest quicker.
        ([20], {"num_running": 1, "running_for_s": 500.0}, 6, 100),
        ([20], {"hours": 0.01, "spent_s": 6.0}, 6, 30),
        ([20], {"hours": 0.01, "spent_s": 600.0}, 6, 0),
        ([20], {"num_done": 12}, 0, 0),
        ([], {}, 6, None),
        ([20], {"parallel": 64, "max_trials": 5}, 1, 20),
    ],
)
def test_what_is_left(
    took: Sequence[float], changes: dict[str, Any], trials: int, seconds: float | None
) -> None:
    found = remaining(took, **(USUAL | changes))
    assert (found.num_trials, found.seconds) == (trials, seconds)


def test_the_budget_of_hours_that_is_left() -> None:
    assert remaining([], **(USUAL | {"hours": 2.0, "spent_s": 1800.0})).hours_of_budget == 1.5
    assert remaining([], **USUAL).hours_of_budget is None
