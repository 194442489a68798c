"""Figures of the model in the form: receptive fields, parameters by layer, cost of width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.models.summary import LayerRow, Summary
from dashboard.charts import palette
from dashboard.charts.labels import inert, waiting

_MOST_BARS = 12


def receptive_field(layers: Sequence[LayerRow], image_side: int) -> go.Figure:
    """The receptive field of each layer with feature maps, as the side of a square in pixels."""
    maps = [row for row in layers if len(row.output_shape) == 3 and max(row.receptive_field) >= 1]
    if not maps:
        return waiting("This model has no layer with feature maps.")
    numbers = list(range(1, len(maps) + 1))
    sides = [max(row.receptive_field) for row in maps]
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "uid": "receptive-field",
        "x": numbers,
        "y": sides,
        "customdata": [[inert(row.name)] for row in maps],
        "line": {"color": palette.colour(0), "width": 2, "shape": "hv"},
        "hovertemplate": "%{customdata[0]}<br>receptive field %{y} × %{y} pixels<extra></extra>",
    }
    layout: dict[str, Any] = {
        "template": "none",
        "showlegend": False,
        "xaxis": {"title": {"text": "Layer"}},
        "yaxis": {"title": {"text": "Receptive field (pixels)"}, "rangemode": "tozero"},
    }
    return go.Figure(data=[line, _level(image_side, numbers)], layout=layout)


def weights_by_layer(layers: Sequence[LayerRow]) -> go.Figure:
    """Parameters of the largest layers in order; the smaller layers share one bar."""
    rows = [(row.name, row.parameters) for row in layers if row.parameters]
    if not rows:
        return waiting("This model has no parameters.")
    largest = sorted(rows, key=lambda row: -row[1])[:_MOST_BARS]
    shown = [row for row in rows if row in largest]
    rest = sum(count for _, count in rows) - sum(count for _, count in shown)
    if rest:
        shown.append((f"{len(rows) - len(shown)} smaller layers", rest))
    bars = {
        "type": "bar",
        "orientation": "h",
        "uid": "weights",
        "x": [count for _, count in shown],
        "y": [inert(name) for name, _ in shown],
        "marker": {"color": palette.colour(0)},
        "hovertemplate": "%{y}: %{x:,} parameters<extra></extra>",
    }
    return go.Figure(
        data=[bars],
        layout={
            "template": "none",
            "showlegend": False,
            "xaxis": {"title": {"text": "Parameters"}, "nticks": 5},
            "yaxis": {"autorange": "reversed", "automargin": True, "type": "category"},
        },
    )


def width_costs(costs: Mapping[float, Summary]) -> go.Figure:
    """Parameters and FLOPs of the model with filters times each factor, relative to factor 1."""
    one = costs[1.0]
    found = {
        "Parameters": [each.parameters / one.parameters for each in costs.values()],
        "FLOPs": [each.flops / one.flops for each in costs.values()],
    }
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "uid": f"width-{name.lower()}",
            "name": name,
            "x": list(costs),
            "y": values,
            "line": {"color": palette.colour(place), "width": 2, "dash": palette.dash(8 * place)},
            "hovertemplate": f"{name}: x %{{y:.2f}}, filters x %{{x}}<extra></extra>",
        }
        for place, (name, values) in enumerate(found.items())
    ]
    ticks = {"tickvals": list(costs), "ticktext": [f"x {factor:g}" for factor in costs]}
    return go.Figure(
        data=traces,
        layout={
            "template": "none",
            "xaxis": {"type": "log", "title": {"text": "Filters"}, **ticks},
            "yaxis": {"type": "log", "title": {"text": "Factor"}, "dtick": 1},
            "legend": {"orientation": "h", "y": 1.15},
        },
    )


def _level(height: float, xs: Sequence[float]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "uid": "image",
        "x": [xs[0], xs[-1]],
        "y": [height, height],
        "line": {"color": palette.NEUTRAL, "width": 1, "dash": "dash"},
        "hovertemplate": "image, %{y} × %{y} pixels<extra></extra>",
    }
