"""What one run sees in one image: its most probable classes as quiet bars."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from . import palette
from .empty import waiting
from .labels import inert, shortened

NUM_BARS = 5


def top_classes(top: Sequence[tuple[str, float]], *, colour: str = palette.COLOURS[0]) -> go.Figure:
    """Horizontal bars of the (at most five) most probable classes, the likeliest on top.

    ``top`` lists ``(label, probability)`` with probabilities from 0 to 1, in any order. The
    likeliest is in ``colour``, the others are grey.
    """
    if not top:
        return waiting("Drop an image to see what this network makes of it.")
    # Plotly draws a horizontal bar chart from the bottom up.
    best = sorted(top, key=lambda pair: pair[1], reverse=True)[:NUM_BARS][::-1]
    labels = [inert(shortened(label, 18)) for label, _ in best]
    probabilities = [probability for _, probability in best]
    return go.Figure(
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "uid": "top",
                # Positions and not labels: two long names may shorten to the same one.
                "y": list(range(len(best))),
                "x": probabilities,
                "text": [f"{probability:.1%}" for probability in probabilities],
                "textposition": "outside",
                "cliponaxis": False,
                "customdata": [[inert(label)] for label, _ in best],
                "marker": {"color": [palette.NEUTRAL] * (len(best) - 1) + [colour]},
                "hovertemplate": "%{customdata[0]}: %{x:.2%}<extra></extra>",
            }
        ],
        layout={
            "template": "none",
            "showlegend": False,
            "bargap": 0.35,
            "margin": {"t": 4, "b": 4, "r": 12},
            # Room for "100.0%" beyond the longest bar.
            "xaxis": {"range": [0, 1.18], "visible": False, "fixedrange": True},
            "yaxis": {
                "tickvals": list(range(len(best))),
                "ticktext": labels,
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
        },
    )
