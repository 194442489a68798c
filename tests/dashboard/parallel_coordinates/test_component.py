"""Promise: the brush lets through exactly the trials inside every band that is drawn."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.parallel_coordinates import Axis, Line, inside
from dashboard.parallel_coordinates.component import _read

AXES = [Axis("rate", []), Axis("width", []), Axis("score", [])]
LINES = [
    Line(1, [0.1, 0.5, 0.2], "#000", "one"),
    Line(2, [0.6, None, 0.8], "#000", "two"),
    Line(3, [0.7, 1.0, 0.9], "#000", "three"),
]


@pytest.mark.parametrize(
    ("brush", "numbers"),
    [
        ({}, {1, 2, 3}),
        ({"rate": (0.5, 1.0)}, {2, 3}),
        ({"rate": (0.6, 0.6)}, {2}),
        ({"width": (0.0, 1.0)}, {1, 3}),
        ({"rate": (0.5, 1.0), "score": (0.85, 1.0)}, {3}),
        ({"rate": (0.2, 0.3)}, set()),
        ({"gone": (0.2, 0.3)}, {1, 2, 3}),
    ],
)
def test_every_band_counts(brush: dict[str, tuple[float, float]], numbers: set[int]) -> None:
    assert inside(AXES, LINES, brush) == numbers


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"rate": [0.1, 0.2]}, {"rate": (0.1, 0.2)}),
        ({"gone": [0.1, 0.2]}, {}),
        ({"rate": [0.1]}, {}),
        ({"rate": "ab"}, {}),
        ({"rate": [None, 1]}, {}),
        (None, {}),
        ([1, 2], {}),
    ],
)
def test_only_what_makes_sense_is_read(sent: Any, read: dict[str, Any]) -> None:
    assert _read(sent, AXES) == read
