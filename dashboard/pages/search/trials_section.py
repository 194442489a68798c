"""The tab Trials: best score so far, curves, parallel coordinates and the table of trials.

The brush of the parallel coordinates filters the curves and the table.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.records.searches import TrialState
from dashboard import live_chart, parallel_coordinates, state
from dashboard.charts import palette
from dashboard.charts.search.curves import trial_curves
from dashboard.charts.search.points import (
    STATE_WORDS,
    Point,
    Scale,
    extremes,
    goodness,
    in_words,
    is_number,
    shown,
)
from dashboard.charts.search.progress import Over, best_so_far
from dashboard.pages.search import trials_table
from dashboard.pages.search.snapshot import Snapshot, ended_trials, score_text
from dashboard.parallel_coordinates import Axis, Line
from dashboard.shared.text import counted

HEIGHT = 320


def show(snapshot: Snapshot) -> None:
    """Show progress and curves side by side, then the parallel coordinates and the table."""
    hidden = trials_table.hidden(snapshot)
    points = [point for point in snapshot.points if point.number not in hidden]
    axes, lines = axes_of(snapshot, points), lines_of(snapshot, points)
    key = f"search/parallel/{snapshot.id}"
    left, right = st.columns(2)
    with left:
        _progress(snapshot, points)
    curves = right.container()
    brush = _brush(snapshot, axes, lines, key)
    brushed = parallel_coordinates.inside(axes, lines, brush)
    with curves:
        _curves(snapshot, {point.number for point in points}, brushed if brush else None)
    if brush:
        _brush_summary(key, len(brushed), len(points))
    trials_table.show(snapshot, brushed)


def _progress(snapshot: Snapshot, points: Sequence[Point]) -> None:
    over: Over = "time" if _switch("over", ["trials", "time"], "Best so far over") else "trials"
    live_chart.show(
        best_so_far(points, over=over, direction=snapshot.direction, score=snapshot.score_words),
        key=f"search/{snapshot.id}/progress",
        height=HEIGHT,
        description=f"Score of {counted(len(points), 'trial')} and the best so far, "
        f"over {over}. Best: {_best_words(snapshot)}.",
    )


def _curves(snapshot: Snapshot, shown_numbers: set[int], brushed: set[int] | None) -> None:
    metric = (
        "loss" if _switch("curve", ["accuracy", "loss"], "Validation curves of") else "accuracy"
    )
    client = state.client()
    frame = ended_trials(client, snapshot.id).curves(
        client, snapshot.numbers(ended=True), snapshot.numbers(ended=False)
    )
    live_chart.show(
        trial_curves(
            frame[frame["trial"].isin(shown_numbers)],
            metric=metric,
            running={trial.number for trial in snapshot.running},
            best=snapshot.best.number if snapshot.best else None,
            chosen=brushed,
        ),
        key=f"search/{snapshot.id}/curves",
        height=HEIGHT,
        description=f"Validation {metric} over epochs of {counted(len(shown_numbers), 'trial')}, "
        f"{len(snapshot.running)} of them running.",
    )


def _switch(name: str, options: list[str], label: str) -> bool:
    """A choice of two, held in the address; whether the second is chosen."""
    chosen = st.segmented_control(
        label, options, key=name, default=options[0], required=True, bind="query-params"
    )
    return chosen == options[1]


def _brush(
    snapshot: Snapshot, axes: Sequence[Axis], lines: Sequence[Line], key: str
) -> parallel_coordinates.Brush:
    st.markdown(
        "**Parallel coordinates**",
        help="One line per trial, from orange (worst) to blue (best), dashed while it runs. Drag "
        "along an axis to keep only the trials that cross it there; click the axis to clear. "
        "Keyboard: arrows move the brush, Shift and arrows resize it, Escape clears it.",
    )
    return parallel_coordinates.show(
        axes,
        lines,
        key=key,
        height=300,
        description=f"Parallel coordinates of {counted(len(lines), 'trial')} over "
        + ", ".join(axis.name for axis in axes),
    )


def _brush_summary(key: str, num_brushed: int, num_all: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f":material/filter_alt: The brush keeps {num_brushed:,} of {num_all:,} trials.",
            width="content",
        )
        st.button(
            "Clear the brush",
            type="tertiary",
            icon=":material/filter_alt_off:",
            key="search/clear_brush",
            on_click=parallel_coordinates.clear,
            args=(key,),
        )


def axes_of(snapshot: Snapshot, points: Sequence[Point]) -> list[Axis]:
    """One axis per hyperparameter, and the score as the last."""
    axes = [Axis(scale.name, scale.ticks()) for scale in snapshot.scales]
    scores = _score_scale(points)
    ticks = [
        (place, score_text(_at(scores, place), is_accuracy=snapshot.is_accuracy))
        for place in ((0.0, 0.25, 0.5, 0.75, 1.0) if scores else ())
    ]
    return [*axes, Axis(str(snapshot.search.objective.metric), ticks)]


def lines_of(snapshot: Snapshot, points: Sequence[Point]) -> list[Line]:
    """One line per trial, the best ones last and so on top."""
    scores, ends = _score_scale(points), extremes(points)
    best = snapshot.best.number if snapshot.best else None

    def line(point: Point) -> Line:
        places = [scale.place(point.values.get(scale.name)) for scale in snapshot.scales]
        own = scores.place(point.score) if scores and is_number(point.score) else None
        share = goodness(point.score, ends, snapshot.direction)
        return Line(
            point.number,
            [*places, own],
            palette.NEUTRAL if own is None else _blend(share),
            _words(point, snapshot),
            dashed=point.state == TrialState.RUNNING.value,
            bold=point.number == best,
        )

    ordered = sorted(points, key=lambda point: goodness(point.score, ends, snapshot.direction))
    return [line(point) for point in ordered]


def _score_scale(points: Sequence[Point]) -> Scale | None:
    ends = extremes(points)
    return None if ends is None else Scale("score", "linear", *ends)


def _at(scale: Scale | None, place: float) -> float | None:
    return None if scale is None else scale.low + place * (scale.high - scale.low)


def _blend(share: float) -> str:
    """A colour between those of the worst and the best score."""
    low, high = palette.COLOURS[1], palette.COLOURS[0]
    parts = [
        round(int(low[at : at + 2], 16) * (1 - share) + int(high[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


def _words(point: Point, snapshot: Snapshot) -> str:
    score = score_text(point.score, is_accuracy=snapshot.is_accuracy)
    word = STATE_WORDS.get(point.state, point.state)
    return f"Trial {point.number}, {word}, {score}: {in_words(point.values)}"


def _best_words(snapshot: Snapshot) -> str:
    best = snapshot.best
    if best is None:
        return "none yet"
    return f"trial {best.number} with {shown(best.score)}"
