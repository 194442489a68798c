"""The score over one hyperparameter (slice) and over two (contour)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.charts.labels import inert, waiting
from dashboard.charts.search.points import SCORE_SCALE, Direction, Point, Scale, in_words

_GRID = 28
_FEWEST_FOR_A_SURFACE = 4
_REACH = 0.12
"""The share of an axis within which a trial's score has most weight."""


def slice_of(points: Sequence[Point], scale: Scale, *, score: str) -> go.Figure:
    """The score of each completed trial over one hyperparameter, coloured by trial number."""
    found = _placed(points, [scale])
    if not found:
        return waiting("Waiting for a completed trial with this hyperparameter.")
    return go.Figure(
        data=[
            {
                "type": "scatter",
                "mode": "markers",
                "uid": "slice",
                "x": [place[0] for _, place in found],
                "y": [point.score for point, _ in found],
                "text": [_hover(point) for point, _ in found],
                "marker": {
                    "size": 8,
                    "color": [point.number for point, _ in found],
                    "colorscale": SCORE_SCALE,
                    "colorbar": {"title": {"text": "Trial"}, "thickness": 10, "outlinewidth": 0},
                    "showscale": len(found) > 1,
                },
                "hovertemplate": "%{text}<br>%{y:.4g}<extra></extra>",
            }
        ],
        layout={
            "template": "none",
            "hovermode": "closest",
            "showlegend": False,
            "xaxis": scale.axis() | {"uirevision": scale.name},
            "yaxis": {"title": {"text": inert(score)}},
        },
    )


def contour(points: Sequence[Point], x: Scale, y: Scale, *, direction: Direction) -> go.Figure:
    """Completed trials over two hyperparameters, coloured by score, with an estimated area.

    The area between the dots is the mean of the scores nearby, weighted by the inverse square
    of the distance (Shepard, 1968). It needs at least four trials.
    """
    found = _placed(points, [x, y])
    if not found:
        return waiting("Waiting for a completed trial with both hyperparameters.")
    scores = np.array([point.score for point, _ in found], dtype=np.float64)
    ends = {"zmin": float(scores.min()), "zmax": float(scores.max())}
    colours = {"colorscale": SCORE_SCALE, "reversescale": direction == "min"}
    traces: list[dict[str, Any]] = []
    if len(found) >= _FEWEST_FOR_A_SURFACE and ends["zmin"] < ends["zmax"]:
        traces.append(_surface(found, scores, x, y) | ends | colours)
    dots = {
        "type": "scatter",
        "mode": "markers",
        "uid": "dots",
        "x": [place[0] for _, place in found],
        "y": [place[1] for _, place in found],
        "text": [_hover(point) for point, _ in found],
        "customdata": scores[:, None],
        "marker": {
            "size": 9,
            "color": scores,
            "cmin": ends["zmin"],
            "cmax": ends["zmax"],
            "line": {"width": 1.2, "color": "#ffffff"},
            "colorbar": {"title": {"text": "Score"}, "thickness": 10, "outlinewidth": 0},
            "showscale": True,
            **colours,
        },
        "hovertemplate": "%{text}<br>%{customdata[0]:.4g}<extra></extra>",
    }
    return go.Figure(
        data=[*traces, dots],
        layout={
            "template": "none",
            "hovermode": "closest",
            "showlegend": False,
            "xaxis": x.axis() | {"uirevision": x.name},
            "yaxis": y.axis() | {"uirevision": y.name},
        },
    )


def _placed(
    points: Sequence[Point], scales: Sequence[Scale]
) -> list[tuple[Point, tuple[float, ...]]]:
    """Completed trials that have a value on every one of the scales, with their coordinates."""
    found = []
    for point in points:
        places = [scale.coordinate(point.values.get(scale.name)) for scale in scales]
        known = tuple(place for place in places if place is not None)
        if point.is_over and len(known) == len(scales):
            found.append((point, known))
    return found


def _surface(
    found: Sequence[tuple[Point, tuple[float, ...]]],
    scores: NDArray[np.float64],
    x: Scale,
    y: Scale,
) -> dict[str, Any]:
    columns, lines = x.grid(_GRID), y.grid(_GRID)
    known = _unit(x, [place[0] for _, place in found]), _unit(y, [place[1] for _, place in found])
    across, up = np.meshgrid(_unit(x, columns), _unit(y, lines))
    squares = (across[..., None] - known[0]) ** 2 + (up[..., None] - known[1]) ** 2
    weights = 1.0 / (squares + _REACH**2) ** 2
    area = (weights * scores).sum(-1) / weights.sum(-1)
    has_categories = "category" in (x.kind, y.kind)
    return {
        "type": "heatmap" if has_categories else "contour",
        "uid": "area",
        "x": columns,
        "y": lines,
        "z": area,
        "opacity": 0.55,
        "showscale": False,
        **({} if has_categories else {"contours": {"coloring": "heatmap", "showlines": False}}),
        "hoverinfo": "skip",
    }


def _unit(scale: Scale, coordinates: Sequence[float]) -> NDArray[np.float64]:
    """Coordinates as places between 0 and 1."""
    at = np.array(coordinates, dtype=np.float64)
    if scale.kind == "category":
        return at / max(1, len(scale.values) - 1)
    low, high = scale.low, scale.high
    if scale.kind == "log":
        at, low, high = np.log(at), float(np.log(low)), float(np.log(high))
    return (at - low) / ((high - low) or 1.0)


def _hover(point: Point) -> str:
    return f"trial {point.number}<br>{inert(in_words(point.values))}"
