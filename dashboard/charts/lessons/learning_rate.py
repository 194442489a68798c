"""Gradient descent on one loss surface with three learning rates."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from dashboard.charts import palette

_CURVATURES = np.array([1.0, 0.1])
"""Ten times steeper in one direction than in the other. Rates above 2 / 1.0 diverge."""
RATES = {"too small": 0.05, "about right": 1.5, "too large": 2.05}


def three_rates(num_steps: int = 40) -> go.Figure:
    """The loss over the steps for each of ``RATES``, on a logarithmic axis."""
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "uid": f"rate-{place}",
            "name": name,
            "x": list(range(num_steps + 1)),
            "y": descend(rate, num_steps),
            "line": {"color": palette.colour(place), "width": 2, "dash": palette.dash(8 * place)},
            "hovertemplate": f"{name}<br>step %{{x}}: loss %{{y:.2g}}<extra></extra>",
        }
        for place, (name, rate) in enumerate(RATES.items())
    ]
    return go.Figure(
        data=traces,
        layout={
            "template": "none",
            "xaxis": {"title": {"text": "Step"}},
            "yaxis": {
                "type": "log",
                "title": {"text": "Loss"},
                "exponentformat": "power",
                "dtick": 2,
            },
            "legend": {"orientation": "h", "y": 1.15},
        },
    )


def descend(rate: float, num_steps: int) -> list[float]:
    """The loss 1/2 sum c w^2 before the first step and after each; the gradient is c w."""
    weights = np.array([1.0, 1.0])
    losses = []
    for _ in range(num_steps + 1):
        losses.append(float(0.5 * np.sum(_CURVATURES * weights**2)))
        weights = weights - rate * _CURVATURES * weights
    return losses
