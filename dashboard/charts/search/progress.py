"""The best score so far, over trials and over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import plotly.graph_objects as go

from dashboard.charts import palette
from dashboard.charts.labels import inert, waiting
from dashboard.charts.search.points import STATE_WORDS, Direction, Point, in_words, is_number

Over = Literal["trials", "time"]


def best_so_far(
    points: Sequence[Point], *, over: Over, direction: Direction, score: str
) -> go.Figure:
    """Each trial's score as a dot, and the best of the completed trials as a step line.

    ``over`` chooses the x axis: trial numbers, or the minutes at which trials ended. ``score`` is
    the title of the y axis. Trials that were stopped early have hollow dots, as their scores are
    of fewer epochs; the line ignores them.
    """
    scored = [point for point in points if is_number(point.score) and _x(point, over) is not None]
    scored.sort(key=lambda point: (_x(point, over), point.number))
    if not scored:
        return waiting("Waiting for the first trial to end: its score is the first point here.")
    return go.Figure(
        data=[*_step_line(scored, over, direction), _dots(scored, over)],
        layout={
            "template": "none",
            "hovermode": "closest",
            "showlegend": False,
            "xaxis": {
                "title": {"text": "Trial" if over == "trials" else "Minutes since the start"},
                "uirevision": over,
                "rangemode": "tozero" if over == "time" else "normal",
                **({"dtick": 1} if over == "trials" and len(scored) <= 10 else {}),
            },
            "yaxis": {"title": {"text": inert(score)}},
        },
    )


def _step_line(scored: Sequence[Point], over: Over, direction: Direction) -> list[dict[str, Any]]:
    best: Point | None = None
    xs, ys, numbers = [], [], []
    for point in scored:
        if point.is_over and (best is None or _better(point, best, direction)):
            best = point
        if best is not None:
            xs.append(_x(point, over))
            ys.append(best.score)
            numbers.append([best.number])
    if not xs:
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "uid": "best",
            "x": xs,
            "y": ys,
            "customdata": numbers,
            "line": {"color": palette.COLOURS[0], "width": 2.4, "shape": "hv"},
            "hovertemplate": "best so far %{y:.4g}<br>trial %{customdata[0]}<extra></extra>",
        }
    ]


def _dots(scored: Sequence[Point], over: Over) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "uid": "trials",
        "x": [_x(point, over) for point in scored],
        "y": [point.score for point in scored],
        "text": [_hover(point) for point in scored],
        "marker": {
            "size": 7,
            "color": palette.COLOURS[1],
            "symbol": ["circle" if point.is_over else "circle-open" for point in scored],
            "opacity": 0.85,
        },
        "hovertemplate": "%{text}<br>%{y:.4g}<extra></extra>",
    }


def _hover(point: Point) -> str:
    word = STATE_WORDS.get(point.state, point.state)
    return inert(f"trial {point.number}, {word}") + "<br>" + inert(in_words(point.values))


def _x(point: Point, over: Over) -> float | None:
    if over == "trials":
        return float(point.number)
    return None if point.ended_s is None else point.ended_s / 60


def _better(one: Point, other: Point, direction: Direction) -> bool:
    assert one.score is not None  # noqa: S101 - only completed trials come here
    assert other.score is not None  # noqa: S101
    return one.score > other.score if direction == "max" else one.score < other.score
