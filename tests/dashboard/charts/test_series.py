"""Smoothing is the textbook's average, and gaps stay gaps."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dashboard.charts.series import Break, Series, smooth, split_series
from tests.dashboard.charts.frames import metrics, nothing

NAN, INF = math.nan, math.inf


def by_hand(values: list[float], smoothing: float) -> list[float]:
    state, count, result = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            result.append(NAN)
            continue
        count += 1
        state = smoothing * state + (1 - smoothing) * value
        result.append(state / (1 - smoothing**count))
    return result


@pytest.mark.parametrize("smoothing", [0.0, 0.3, 0.9, 0.99])
@pytest.mark.parametrize(
    "values", [[2.0], [2.0, 1.0, 1.5, 0.5], [2.0, NAN, 1.0, INF, 0.5], [NAN, -INF, 3.0]]
)
def test_smoothing_is_the_debiased_average(values: list[float], smoothing: float) -> None:
    result = smooth(np.array(values), smoothing)
    np.testing.assert_allclose(result, by_hand(values, smoothing), rtol=1e-12)


def test_smoothing_keeps_a_constant_from_its_first_epoch_on() -> None:
    np.testing.assert_allclose(smooth(np.full(5, 0.7), 0.95), 0.7)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, NAN])
def test_smoothing_out_of_range_is_refused(smoothing: float) -> None:
    with pytest.raises(ValueError, match=r"expected 0 to 0\.99"):
        smooth(np.array([1.0]), smoothing)


def test_breaks_join_neighbouring_epochs_and_name_the_kind_of_value() -> None:
    values = np.array([NAN, NAN, 1.0, INF, 2.0, -INF])
    epochs = np.arange(1, 7)
    assert Series(epochs, np.arange(10.0, 70.0, 10.0), values).breaks() == [
        Break(1, 2, 10.0, "NaN"),
        Break(4, 4, 40.0, "infinite"),
        Break(6, 6, 60.0, "infinite"),
    ]


def test_series_are_cut_by_run_and_split_in_order_of_epochs() -> None:
    frame = pd.concat(
        [metrics("a", "train", "loss", [3, 2, 1]), metrics("b", "validation", "loss", [5])]
    ).iloc[::-1]
    series = split_series(frame, name="loss", x="images")
    assert set(series) == {("a", "train"), ("b", "validation")}
    assert series["a", "train"].value.tolist() == [3, 2, 1]
    assert series["a", "train"].x.tolist() == [100, 200, 300]


def test_an_empty_frame_has_no_series() -> None:
    assert split_series(nothing(), name="loss", x="epoch") == {}
