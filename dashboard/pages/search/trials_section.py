"""What the search has tried: best so far, parallel coordinates, curves and the table, linked.

The brush of the parallel coordinates filters everything below it.
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
from dashboard.pages.search import ended_trials, trial_state, trials_table
from dashboard.pages.search.snapshot import Snapshot
from dashboard.parallel_coordinates import Axis, Line
from dashboard.shared.text import counted

HEIGHT = 320


def show(seen: Snapshot) -> None:
    """Progress and curves side by side, then the brush, then the table."""
    out = trials_table.hidden(seen)
    points = [point for point in seen.points if point.number not in out]
    axes, lines = axes_of(seen, points), lines_of(seen, points)
    key = f"search/parallel/{seen.id}"
    left, right = st.columns(2)
    with left:
        _progress(seen, points)
    curves = right.container()
    brush = _brush(seen, axes, lines, key)
    brushed = parallel_coordinates.inside(axes, lines, brush)
    with curves:
        _curves(seen, {point.number for point in points}, brushed if brush else None)
    if brush:
        _told(key, len(brushed), len(points))
    trials_table.show(seen, brushed)


def _progress(seen: Snapshot, points: Sequence[Point]) -> None:
    over: Over = "time" if _switch("over", ["trials", "time"], "Best so far over") else "trials"
    live_chart.show(
        best_so_far(points, over=over, direction=seen.direction, score=seen.score_words),
        key=f"search/{seen.id}/progress",
        height=HEIGHT,
        description=f"Score of {counted(len(points), 'trial')} and the best so far, "
        f"over {over}. Best: {_best_words(seen)}.",
    )


def _curves(seen: Snapshot, left_in: set[int], brushed: set[int] | None) -> None:
    metric = (
        "loss" if _switch("curve", ["accuracy", "loss"], "Curves of validation") else "accuracy"
    )
    lab = state.client()
    frame = ended_trials.of(lab, seen.id).curves(
        lab, seen.numbers(ended=True), seen.numbers(ended=False)
    )
    live_chart.show(
        trial_curves(
            frame[frame["trial"].isin(left_in)],
            metric=metric,
            running={trial.number for trial in seen.running},
            best=seen.best.number if seen.best else None,
            chosen=brushed,
        ),
        key=f"search/{seen.id}/curves",
        height=HEIGHT,
        description=f"Validation {metric} over epochs of {counted(len(left_in), 'trial')}, "
        f"{len(seen.running)} of them at work.",
    )


def _switch(name: str, options: list[str], label: str) -> bool:
    """Two choices in the address; whether it is the second."""
    chosen = st.segmented_control(
        label, options, key=name, default=options[0], required=True, bind="query-params"
    )
    return chosen == options[1]


def _brush(
    seen: Snapshot, axes: Sequence[Axis], lines: Sequence[Line], key: str
) -> parallel_coordinates.Brush:
    st.markdown(
        "**Parallel coordinates**",
        help="A line a trial, from orange (worst) to blue (best); dashed while it runs. Drag "
        "along an axis to keep only the trials that pass there; a click on the axis lets all "
        "through again. With the keyboard: arrows, Shift and arrows, Escape.",
    )
    return parallel_coordinates.show(
        axes,
        lines,
        key=key,
        height=300,
        description=f"Parallel coordinates of {counted(len(lines), 'trial')} over "
        + ", ".join(axis.name for axis in axes),
    )


def _told(key: str, num_brushed: int, num_all: int) -> None:
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


def axes_of(seen: Snapshot, points: Sequence[Point]) -> list[Axis]:
    """An axis a parameter, and the score as the last."""
    axes = [Axis(scale.name, scale.ticks()) for scale in seen.scales]
    scores = _score_scale(points)
    ticks = [
        (place, trial_state.score(_at(scores, place), is_accuracy=seen.is_accuracy))
        for place in ((0.0, 0.25, 0.5, 0.75, 1.0) if scores else ())
    ]
    return [*axes, Axis(str(seen.search.objective.metric), ticks)]


def lines_of(seen: Snapshot, points: Sequence[Point]) -> list[Line]:
    """A line a trial, the best ones last and so on top."""
    scores, ends = _score_scale(points), extremes(points)
    best = seen.best.number if seen.best else None

    def line(point: Point) -> Line:
        places = [scale.place(point.values.get(scale.name)) for scale in seen.scales]
        own = scores.place(point.score) if scores and is_number(point.score) else None
        share = goodness(point.score, ends, seen.direction)
        return Line(
            point.number,
            [*places, own],
            palette.NEUTRAL if own is None else _blend(share),
            _words(point, seen),
            dashed=point.state == TrialState.RUNNING.value,
            bold=point.number == best,
        )

    ordered = sorted(points, key=lambda point: goodness(point.score, ends, seen.direction))
    return [line(point) for point in ordered]


def _score_scale(points: Sequence[Point]) -> Scale | None:
    ends = extremes(points)
    return None if ends is None else Scale("score", "linear", *ends)


def _at(scale: Scale | None, place: float) -> float | None:
    return None if scale is None else scale.low + place * (scale.high - scale.low)


def _blend(share: float) -> str:
    """A colour between the worst's and the best's."""
    low, high = palette.COLOURS[1], palette.COLOURS[0]
    parts = [
        round(int(low[at : at + 2], 16) * (1 - share) + int(high[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


def _words(point: Point, seen: Snapshot) -> str:
    score = trial_state.score(point.score, is_accuracy=seen.is_accuracy)
    word = STATE_WORDS.get(point.state, point.state)
    return f"Trial {point.number}, {word}, {score}: {in_words(point.values)}"


def _best_words(seen: Snapshot) -> str:
    best = seen.best
    if best is None:
        return "none yet"
    return f"trial {best.number} with {shown(best.score)}"
