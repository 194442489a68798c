"""Learning rate, schedule, overfit gap, predictions and the figure that waits."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from dashboard.charts.gap import overfit_gap
from dashboard.charts.labels import legend_name, shortened, waiting
from dashboard.charts.learning_rate import learning_rate, schedule_preview
from tests.dashboard.charts.frames import metrics, nothing

RUNS = [("a", "plain", "#006cb4")]


def test_the_learning_rate_is_a_line_a_run() -> None:
    frame = metrics("a", "train", "learning_rate", [1e-3, 5e-4])
    figure = learning_rate(frame, x="images", log_y=True, runs=RUNS)
    assert list(figure.data[0].y) == [1e-3, 5e-4]
    assert list(figure.data[0].x) == [100, 200]
    assert figure.layout.yaxis.type == "log"


def test_a_schedule_is_drawn_from_its_first_epoch() -> None:
    figure = schedule_preview([0.1, 0.1, 0.01])
    assert list(figure.data[0].x) == [1, 2, 3]
    assert list(figure.data[0].y) == [0.1, 0.1, 0.01]


def test_the_gap_is_training_minus_validation_where_both_are_known() -> None:
    frame = pd.concat(
        [
            metrics("a", "train", "accuracy", [0.5, 0.8, math.inf, 0.9]),
            metrics("a", "validation", "accuracy", [0.4, 0.9, math.inf]),
        ]
    )
    trace = overfit_gap(frame, x="epoch", runs=RUNS).data[0]
    assert list(trace.x) == [1, 2, 3]
    assert list(trace.y[:2]) == pytest.approx([0.1, -0.1])
    assert math.isnan(trace.y[2])


@pytest.mark.parametrize(
    "figure",
    [
        learning_rate(nothing(), x="epoch", log_y=False, runs=RUNS),
        overfit_gap(nothing(), x="epoch", runs=RUNS),
        schedule_preview([]),
    ],
)
def test_nothing_yet_is_said_in_words(figure: object) -> None:
    assert len(figure.layout.annotations[0].text) > 20  # type: ignore[attr-defined]


def test_the_waiting_sentence_is_inert_and_wrapped() -> None:
    text = waiting("Waiting for <b>this</b> run, which stands third in the queue.").layout
    assert "<b>" not in text.annotations[0].text
    assert "<br>" in text.annotations[0].text


def test_long_names_keep_both_ends() -> None:
    name = "cifar10 with dropout 0.25, seed 1234567"
    short = shortened(name, 20)
    assert len(short) == 20
    assert (short[:5], short[-5:]) == ("cifar", "34567")
    assert legend_name("a < b") == "a &lt; b"


@pytest.mark.parametrize(("last", "dtick"), [(1, 1), (10, 1), (11, None)])
def test_no_tick_is_half_an_epoch(last: int, dtick: int | None) -> None:
    assert schedule_preview([0.1] * last).layout.xaxis.dtick == dtick
