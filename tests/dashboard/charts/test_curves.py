"""What a reader sees in the curves: the truth, beside its smoothed version."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard.charts.curves import learning_curves
from tests.dashboard.charts.frames import metrics, nothing

A, B = ("a", "plain", "#006cb4"), ("b", "dropout", "#d87800")


def curves(*frames: pd.DataFrame, runs: Any = (A,), **options: Any) -> go.Figure:
    settings: dict[str, Any] = {"metric": "loss", "x": "epoch", "log_y": False, "smoothing": 0.0}
    frame = pd.concat(frames) if frames else nothing()
    return learning_curves(frame, runs=list(runs), **(settings | options))


def by_uid(figure: go.Figure) -> dict[str, Any]:
    return {trace.uid: trace for trace in figure.data}


def test_training_is_dotted_and_validation_solid_in_the_runs_colour() -> None:
    figure = curves(metrics("a", "train", "loss", [2, 1]), metrics("a", "validation", "loss", [3]))
    traces = by_uid(figure)
    assert traces["a-train"].line.dash == "dot"
    assert traces["a-validation"].line.dash == "solid"
    assert {traces[uid].line.color for uid in ("a-train", "a-validation")} == {A[2]}


def test_the_raw_line_stays_faint_beside_the_smoothed_one() -> None:
    figure = curves(metrics("a", "train", "loss", [2, 1, 4]), smoothing=0.6)
    traces = by_uid(figure)
    assert list(traces["a-train-raw"].y) == [2, 1, 4]
    assert traces["a-train-raw"].opacity < 0.5
    assert traces["a-train"].y[2] != 4
    assert traces["a-train"].customdata[2].tolist() == [3, 4]
    assert next(iter(curves(metrics("a", "train", "loss", [2, 1])).data)).uid == "a-train"


@pytest.mark.parametrize(("metric", "epoch", "value"), [("loss", 2, 1.0), ("accuracy", 3, 4.0)])
def test_the_best_validation_epoch_is_marked_on_the_raw_values(
    metric: str, epoch: int, value: float
) -> None:
    frame = metrics("a", "validation", metric, [3, 1, 4, math.nan, 2])
    best = by_uid(curves(frame, metric=metric, smoothing=0.9))["a-validation-best"]
    assert (list(best.x), list(best.y)) == ([epoch], [value])


def test_values_that_are_not_finite_are_gaps_with_a_cross_where_they_began() -> None:
    frame = metrics("a", "train", "loss", [2, 1, math.nan, math.nan, math.inf, 3])
    traces = by_uid(curves(frame))
    assert np.isnan(traces["a-train"].y[2:5]).all()
    assert not traces["a-train"].connectgaps
    crosses = traces["a-train-breaks"]
    assert list(crosses.x) == [3]
    assert list(crosses.y) == [1]
    assert list(crosses.text) == ["loss NaN from epoch 3 to 5"]


def test_a_run_that_never_was_finite_is_still_seen() -> None:
    figure = curves(metrics("a", "validation", "loss", [math.nan, math.nan]))
    assert by_uid(figure)["a-validation-breaks"].text == ("loss NaN from epoch 1 to 2",)
    assert "a-validation-best" not in by_uid(figure)


def test_two_runs_have_one_legend_entry_each_drawn_like_their_validation_curve() -> None:
    frames = [
        metrics(run, split, "loss", [2, 1]) for run in "ab" for split in ("train", "validation")
    ]
    figure = curves(*frames, runs=(A, B), smoothing=0.5)
    named = [trace.uid for trace in figure.data if trace.showlegend is not False]
    assert named == ["a-validation", "b-validation"]
    assert "dotted: training" in figure.layout.annotations[0].text


def test_one_run_has_an_entry_for_training_and_one_for_validation() -> None:
    figure = curves(metrics("a", "train", "loss", [2]), metrics("a", "validation", "loss", [2]))
    named = [(t.name, t.legendgroup) for t in figure.data if t.showlegend is not False]
    assert named == [("Training", "a/train"), ("Validation", "a/validation")]


def test_runs_of_one_colour_are_told_apart_by_their_pattern() -> None:
    frames = [metrics(run, "validation", "loss", [2, 1]) for run in "ab"]
    traces = by_uid(curves(*frames, runs=(A, ("b", "other", A[2]))))
    assert traces["a-validation"].line.dash != traces["b-validation"].line.dash


def test_names_are_shown_inert() -> None:
    label = "<a href='javascript:alert(1)'>%{y}</a>"
    frames = [metrics(run, "train", "loss", [1]) for run in "ab"]
    figure = curves(*frames, runs=(("a", label, A[2]), B))
    trace = by_uid(figure)["a-train"]
    assert "<" not in trace.name
    assert "<" not in trace.meta
    assert label not in trace.hovertemplate


def test_the_axes_are_what_was_asked_for() -> None:
    frame = metrics("a", "train", "loss", [2, 1])
    figure = curves(frame, x="seconds", log_y=True)
    assert list(figure.data[0].x) == [2.0, 4.0]
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.xaxis.title.text == "Training time (s)"
    other = curves(frame, x="epoch", log_y=True)
    assert other.layout.xaxis.uirevision != figure.layout.xaxis.uirevision
    assert other.layout.yaxis.uirevision == figure.layout.yaxis.uirevision


def test_a_single_epoch_is_a_point_and_not_an_invisible_line() -> None:
    assert curves(metrics("a", "train", "loss", [2])).data[0].mode == "lines+markers"
    assert curves(metrics("a", "train", "loss", [2, 1])).data[0].mode == "lines"


def test_before_the_first_epoch_it_says_what_it_waits_for() -> None:
    figure = curves()
    assert "Waiting for the first epoch" in figure.layout.annotations[0].text
    assert not figure.data


def test_traces_are_known_by_names_that_plotly_can_save_a_picture_with() -> None:
    frame = metrics("5f0a/é.1", "validation", "loss", [2, 1])
    figure = curves(frame, runs=(("5f0a/é.1", "plain", A[2]),), smoothing=0.5)
    assert all(re.fullmatch(r"[\w-]+", trace.uid, re.ASCII) for trace in figure.data)
    assert len(by_uid(figure)) == len(figure.data)


def test_a_dotted_line_separates_the_segments() -> None:
    frames = [metrics("a", "train", "loss", [4, 3, 2]), metrics("a", "train", "phase", [1, 1, 2])]
    for x, at in (("epoch", 2.5), ("seconds", 5), ("images", 250)):
        layout = curves(*frames, x=x).layout
        [line] = layout.shapes
        assert (line.x0, line.x1, line.line.dash) == (at, at, "dot")
        assert [each.x for each in layout.annotations if "fine-tuning" in each.text] == [at]


@pytest.mark.parametrize("segments", [[], [1, 1, 1]])
def test_a_run_of_one_segment_has_no_border(segments: list[float]) -> None:
    frames = [metrics("a", "train", "loss", [4, 3, 2]), metrics("a", "train", "phase", segments)]
    assert not curves(*frames).layout.shapes


def test_several_runs_have_no_border_since_each_has_its_own() -> None:
    frames = [metrics(run, "train", "loss", [4, 3, 2]) for run in "ab"]
    frames += [metrics(run, "train", "phase", [1, 2, 2]) for run in "ab"]
    assert not curves(*frames, runs=(A, B)).layout.shapes
