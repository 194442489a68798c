"""Promise: a search's charts show every trial once, and never praise one that was cut short."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard.charts.search.curves import trial_curves
from dashboard.charts.search.importance import Share, importance
from dashboard.charts.search.points import Point, Scale, best_of, goodness, shown
from dashboard.charts.search.progress import best_so_far
from dashboard.charts.search.slice_plot import contour, slice_of
from dashboard.charts.search.timeline import TimelineBar, in_lanes, timeline
from tests.dashboard.charts.frames import COLUMNS, metrics

RATE = Scale("rate", "log", 1e-4, 1e-2)
WIDTH = Scale("width", "category", values=(8, 16, 32))


def point(number: int, score: float | None, state: str = "completed", **values: object) -> Point:
    return Point(number, state, score, values, ended_s=60.0 * number)  # type: ignore[arg-type]


def trace(figure: go.Figure, uid: str) -> go.Scatter:
    [found] = [each for each in figure.data if each.uid == uid]
    return found


def curves_of(*trials: tuple[int, list[float]]) -> pd.DataFrame:
    frames = [
        metrics(f"run{number}", "validation", "accuracy", values).assign(trial=number)
        for number, values in trials
    ]
    return pd.concat(frames)


@pytest.mark.parametrize(
    ("direction", "stair"), [("max", [0.5, 0.7, 0.7, 0.7]), ("min", [0.5, 0.5, 0.5, 0.4])]
)
def test_the_stair_is_the_best_of_the_completed_trials(direction: str, stair: list[float]) -> None:
    points = [
        point(1, 0.5),
        point(2, 0.7),
        point(3, 0.9 if direction == "max" else 0.1, "pruned"),
        point(4, 0.4),
        point(5, None, "running"),
    ]
    figure = best_so_far(points, over="trials", direction=direction, score="s")  # type: ignore[arg-type]
    assert list(trace(figure, "best").y) == stair
    assert list(trace(figure, "trials").x) == [1, 2, 3, 4]


def test_over_time_trials_stand_in_the_order_of_their_ends() -> None:
    late = Point(1, "completed", 0.9, {}, ended_s=600.0)
    early = Point(2, "completed", 0.5, {}, ended_s=60.0)
    best = trace(best_so_far([late, early], over="time", direction="max", score="s"), "best")
    assert list(best.x) == [1, 10]
    assert list(best.y) == [0.5, 0.9]


def test_the_best_is_a_completed_trial_and_the_earlier_of_two() -> None:
    points = [point(1, 0.5), point(2, 0.5), point(3, 0.9, "stopped"), point(4, math.nan)]
    found = best_of(points, "max")
    assert found is not None
    assert found.number == 1
    assert best_of([], "max") is None


def test_curves_of_one_kind_are_one_trace_with_gaps() -> None:
    frame = curves_of((1, [0.1, 0.2]), (2, [0.3, 0.4, 0.5]), (3, [0.2]), (4, [0.6]))
    figure = trial_curves(frame, metric="accuracy", running=[3], best=2, chosen=None)
    assert [each.uid for each in figure.data] == ["ended", "running", "best"]
    ended = trace(figure, "ended")
    np.testing.assert_array_equal(ended.x, [1, 2, np.nan, 1])
    np.testing.assert_array_equal(ended.y, [0.1, 0.2, np.nan, 0.6])
    assert [number for [number] in ended.customdata] == [1, 1, 1, 4]
    assert list(trace(figure, "running").x) == [1]
    assert list(trace(figure, "best").x) == [1, 2, 3]


def test_what_the_brush_left_out_stays_faint() -> None:
    frame = curves_of((1, [0.1, 0.2]), (2, [0.3, 0.4]))
    figure = trial_curves(frame, metric="accuracy", running=[], best=2, chosen={1})
    assert list(trace(figure, "left-out").y) == [0.3, 0.4]
    assert trace(figure, "left-out").opacity < 0.2
    assert list(trace(figure, "ended").y) == [0.1, 0.2]


def test_a_value_that_is_no_number_is_a_gap() -> None:
    figure = trial_curves(
        curves_of((1, [0.1, math.inf, 0.3])),
        metric="accuracy",
        running=[],
        best=None,
        chosen=None,
    )
    np.testing.assert_array_equal(trace(figure, "ended").y, [0.1, np.nan, 0.3])


def test_runs_at_one_time_lie_in_lanes_of_their_own() -> None:
    bars = [
        TimelineBar(1, "completed", "cpu", 0, 5),
        TimelineBar(2, "completed", "cpu", 1, 4),
        TimelineBar(3, "running", "cpu", 4, 6),
        TimelineBar(4, "running", "gpu:0", 0, 6),
    ]
    lanes = {each.number: lane for lane, each in in_lanes(bars)}
    assert lanes == {1: "cpu · 1", 2: "cpu · 2", 3: "cpu · 2", 4: "gpu:0"}
    figure = timeline(bars)
    assert list(trace(figure, "completed").base) == [0, 1]
    assert list(figure.layout.yaxis.ticktext) == ["cpu · 1", "cpu · 2", "gpu:0"]


def test_the_sign_of_importance_is_written_and_the_greatest_stands_on_top() -> None:
    shares = [Share("rate", 0.7, -0.6), Share("width", 0.2, 0.5), Share("kind", 0.1, None)]
    bars = importance(shares, enough=10).data[0]
    assert list(bars.y) == ["kind", "width", "rate"]
    assert [text[-1] for text in bars.text] == ["·", "↑", "↓"]


@pytest.mark.parametrize(
    ("scale", "value", "place"),
    [
        (RATE, 1e-3, 0.5),
        (WIDTH, 16, 0.5),
        (WIDTH, 64, None),
        (WIDTH, None, None),
        (Scale("on", "category", values=(False, True)), True, 1.0),
        (Scale("on", "category", values=(0, 1)), True, None),
        (Scale("x", "linear", 0, 4), 3, 0.75),
        (Scale("x", "linear", 2, 2), 2, 0.5),
        (Scale("x", "linear", 0, 4), None, None),
    ],
)
def test_every_value_has_its_place(scale: Scale, value: object, place: float | None) -> None:
    found = scale.place(value)  # type: ignore[arg-type]
    assert found == (None if place is None else pytest.approx(place))


def test_ticks_run_from_end_to_end() -> None:
    assert [text for _, text in RATE.ticks(3)] == ["0.0001", "0.001", "0.01"]
    assert [text for _, text in WIDTH.ticks()] == ["8", "16", "32"]


def test_a_slice_shows_completed_trials_that_had_the_parameter() -> None:
    points = [point(1, 0.5, rate=1e-3), point(2, 0.6), point(3, 0.7, "pruned", rate=1e-2)]
    figure = slice_of(points, RATE, score="s")
    assert list(figure.data[0].x) == [1e-3]
    assert figure.layout.xaxis.type == "log"


def test_a_contour_passes_near_its_trials() -> None:
    points = [
        point(1, 0.1, rate=1e-4, x=0.0),
        point(2, 0.9, rate=1e-2, x=1.0),
        point(3, 0.5, rate=1e-4, x=1.0),
        point(4, 0.5, rate=1e-2, x=0.0),
    ]
    figure = contour(points, RATE, Scale("x", "linear"), direction="max")
    area = trace(figure, "area").z
    assert area[0][0] == pytest.approx(0.1, abs=0.05)
    assert area[-1][-1] == pytest.approx(0.9, abs=0.05)
    assert list(trace(figure, "dots").y) == [0, 1, 1, 0]


def test_categories_have_an_area_of_cells() -> None:
    points = [point(n, n / 4, width=(8, 16, 32, 8)[n], x=n / 4) for n in range(4)]
    figure = contour(points, WIDTH, Scale("x", "linear"), direction="min")
    assert trace(figure, "area").type == "heatmap"
    assert list(figure.layout.xaxis.ticktext) == ["8", "16", "32"]


@pytest.mark.parametrize(
    "figure",
    [
        best_so_far([point(1, None, "running")], over="trials", direction="max", score="s"),
        trial_curves(
            pd.DataFrame([], columns=[*COLUMNS, "trial"]),
            metric="loss",
            running=[],
            best=None,
            chosen=None,
        ),
        timeline([]),
        importance([], enough=10),
        slice_of([point(1, 0.5)], RATE, score="s"),
        contour([], RATE, WIDTH, direction="max"),
    ],
)
def test_nothing_yet_is_said_in_words(figure: go.Figure) -> None:
    assert len(figure.layout.annotations[0].text) > 20


def test_hostile_values_are_inert() -> None:
    figure = slice_of([point(1, 0.5, rate=1e-3, w="<a href=x>")], RATE, score="<b>")
    assert "<a" not in figure.data[0].text[0]
    assert figure.layout.yaxis.title.text == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("score", "direction", "share"),
    [(0.9, "max", 1.0), (0.9, "min", 0.0), (0.5, "max", 0.0), (None, "max", 0.0)],
)
def test_the_colour_goes_with_the_objective(
    score: float | None, direction: str, share: float
) -> None:
    assert goodness(score, (0.5, 0.9), direction) == share  # type: ignore[arg-type]


def test_values_are_short() -> None:
    assert [shown(each) for each in (0.30000004, True, None, 12, "adam")] == [
        "0.3",
        "yes",
        "none",
        "12",
        "adam",
    ]
