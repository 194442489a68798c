"""The importance of each hyperparameter, and the direction of its effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from dashboard.charts import palette
from dashboard.charts.labels import inert, legend_name, waiting


class Share(NamedTuple):
    """One hyperparameter: its share of the explained variation, and its correlation."""

    name: str
    share: float
    """0 to 1; all together 1."""
    correlation: float | None
    """-1 to 1 over the trials; None where values have no order."""


def importance(shares: Sequence[Share], *, enough: int) -> go.Figure:
    """One bar per hyperparameter, the most important on top; the colour shows the direction.

    ``enough`` is the number of completed trials that importance needs.
    """
    if not shares:
        return waiting(f"Importance needs {enough} completed trials.")
    ordered = sorted(shares, key=lambda each: each.share)
    return go.Figure(
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "uid": "importance",
                "y": [legend_name(each.name) for each in ordered],
                "x": [each.share for each in ordered],
                "text": [f"{each.share:.0%}  {sign(each)}" for each in ordered],
                "textposition": "outside",
                "cliponaxis": False,
                "customdata": [[inert(in_words(each))] for each in ordered],
                "marker": {"color": [_colour(each) for each in ordered]},
                "hovertemplate": "%{y}: %{x:.1%}<br>%{customdata[0]}<extra></extra>",
            }
        ],
        layout={
            "template": "none",
            "showlegend": False,
            "xaxis": {
                "title": {"text": "Importance"},
                "tickformat": ".0%",
                "range": [0, 1.25 * max(0.05, ordered[-1].share)],
            },
            "yaxis": {"ticklabelstandoff": 6, "fixedrange": True},
        },
    )


def sign(each: Share) -> str:
    """``↑`` if higher values scored better, ``↓`` if lower ones did, a dot without a direction."""
    if each.correlation is None or abs(each.correlation) < 0.1:
        return "·"
    return "↑" if each.correlation > 0 else "↓"


def in_words(each: Share) -> str:
    """The direction in words."""
    if each.correlation is None:
        return "values without an order"
    if abs(each.correlation) < 0.1:
        return f"no clear direction (correlation {each.correlation:+.2f})"
    which = "higher" if each.correlation > 0 else "lower"
    return f"{which} values scored better (correlation {each.correlation:+.2f})"


def _colour(each: Share) -> str:
    return {"↑": palette.COLOURS[0], "↓": palette.COLOURS[1], "·": palette.NEUTRAL}[sign(each)]
