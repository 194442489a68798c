"""Figures that show what dropout, batch norm and L2 do, all computed from data."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.charts import palette

_SIDE = 7
"""Side of the square of activations."""
_SEED = 3


def dropout_masks(rate: float) -> go.Figure:
    """One layer's activations at two training steps and at inference.

    Dropped activations are crosses; kept ones are scaled by 1 / (1 - rate), as in Keras.
    """
    rng = np.random.default_rng(_SEED)
    activations = rng.uniform(0.25, 1.0, (_SIDE, _SIDE))
    kept = [rng.random((_SIDE, _SIDE)) >= rate for _ in range(2)]
    panels = [
        ("Training step 1", activations / (1 - rate), kept[0]),
        ("Training step 2", activations / (1 - rate), kept[1]),
        ("Inference", activations, np.ones_like(kept[0])),
    ]
    traces = [
        trace
        for place, (_, values, mask) in enumerate(panels, start=1)
        for trace in _dots(place, values, mask)
    ]
    layout = _panels([title for title, _, _ in panels], hidden_axes=True)
    return go.Figure(data=traces, layout=layout | {"showlegend": False})


def batch_norm_histograms(num_values: int = 4000) -> go.Figure:
    """The distribution of one feature map's values in two batches, before and after batch norm."""
    rng = np.random.default_rng(_SEED)
    # One batch has brighter images with more contrast than the other.
    batches = [rng.normal(1.5, 0.8, num_values), rng.normal(3.0, 1.6, num_values)]
    normalised = [(values - values.mean()) / values.std() for values in batches]
    panels = {
        "Before batch norm": batches,
        "Mean 0, std 1": normalised,
        "gamma 1.5, beta 2": [1.5 * values + 2.0 for values in normalised],
    }
    edges = np.linspace(-4.0, 8.0, 49)
    traces = [
        _density(place, number, values, edges)
        for place, found in enumerate(panels.values(), start=1)
        for number, values in enumerate(found)
    ]
    layout = _panels(list(panels), hidden_axes=False)
    return go.Figure(data=traces, layout=layout)


def l2_fits(num_coefficients: int = 41) -> go.Figure:
    """Errors of a polynomial fit to noisy points over the coefficient of its L2 penalty."""
    coefficients = np.logspace(-7, 2, num_coefficients)
    errors = np.array([_ridge_errors(each) for each in coefficients])
    lines = [("Training", palette.TRAINING_DASH), ("Validation", "solid")]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "uid": f"l2-{name.lower()}",
            "name": name,
            "x": coefficients,
            "y": errors[:, column],
            "line": {"color": palette.colour(0), "width": 2, "dash": dash},
            "hovertemplate": f"{name.lower()} error %{{y:.3f}} at %{{x:.1e}}<extra></extra>",
        }
        for column, (name, dash) in enumerate(lines)
    ]
    return go.Figure(
        data=traces,
        layout={
            "template": "none",
            "xaxis": {
                "type": "log",
                "title": {"text": "Coefficient"},
                "exponentformat": "power",
                "dtick": 2,
            },
            "yaxis": {"title": {"text": "Error"}, "rangemode": "tozero"},
            "legend": {"orientation": "h", "y": 1.15},
        },
    )


def _dots(place: int, values: NDArray[np.float64], kept: NDArray[np.bool_]) -> list[dict[str, Any]]:
    positions = np.indices(values.shape)
    rows, columns = positions[0], positions[1]
    shared = {"type": "scatter", "mode": "markers", "hoverinfo": "skip", **_axes(place)}
    return [
        shared
        | {
            "uid": f"kept-{place}",
            "x": columns[kept],
            "y": rows[kept],
            "marker": {"size": 9 * np.sqrt(values[kept]), "color": palette.colour(0)},
        },
        shared
        | {
            "uid": f"dropped-{place}",
            "x": columns[~kept],
            "y": rows[~kept],
            "marker": {"size": 6, "color": palette.NEUTRAL, "symbol": "x-thin-open"},
        },
    ]


def _density(
    place: int, number: int, values: NDArray[np.float64], edges: NDArray[np.float64]
) -> dict[str, Any]:
    density, _ = np.histogram(values, edges, density=True)
    return {
        "type": "scatter",
        "mode": "lines",
        "uid": f"batch-{place}-{number}",
        "name": f"batch {number + 1}",
        "legendgroup": number,
        "showlegend": place == 1,
        "x": (edges[1:] + edges[:-1]) / 2,
        "y": density,
        "line": {"color": palette.colour(number), "width": 2, "dash": palette.dash(8 * number)},
        "hoverinfo": "skip",
        **_axes(place),
    }


def _ridge_errors(coefficient: float, degree: int = 11) -> tuple[float, float]:
    """Root mean square error on the points fitted and on others, in closed form."""
    rng = np.random.default_rng(_SEED)
    train, others = rng.uniform(-1, 1, 20), np.linspace(-0.95, 0.95, 200)
    target = np.sin(3 * train) + rng.normal(0, 0.3, train.size)
    powers = np.vander(train, degree + 1)
    weights = np.linalg.solve(
        powers.T @ powers + coefficient * np.eye(degree + 1), powers.T @ target
    )
    noise = np.random.default_rng(_SEED + 1).normal(0, 0.3, others.size)
    wrong = np.vander(others, degree + 1) @ weights - np.sin(3 * others) - noise
    fitted = powers @ weights - target
    return float(np.sqrt(np.mean(fitted**2))), float(np.sqrt(np.mean(wrong**2)))


def _axes(place: int) -> dict[str, str]:
    number = "" if place == 1 else str(place)
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def _panels(titles: list[str], *, hidden_axes: bool) -> dict[str, Any]:
    """Three panels side by side with a title above each."""
    layout: dict[str, Any] = {"template": "none", "legend": {"orientation": "h", "y": -0.15}}
    width, gap = 0.30, 0.05
    annotations = []
    for place, title in enumerate(titles, start=1):
        start = (place - 1) * (width + gap)
        number = "" if place == 1 else str(place)
        axis = {"visible": not hidden_axes, "fixedrange": True}
        layout[f"xaxis{number}"] = axis | {"domain": [start, start + width]}
        layout[f"yaxis{number}"] = axis | {"anchor": f"x{number}", "visible": False}
        if hidden_axes:
            layout[f"yaxis{number}"]["scaleanchor"] = f"x{number}"
        annotations.append(
            {
                "text": title,
                "x": start + width / 2,
                "y": 1.02,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "center",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 12},
            }
        )
    return layout | {"annotations": annotations}
