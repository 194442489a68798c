"""A figure that says what it waits for, instead of a blank one."""

from __future__ import annotations

import textwrap

import plotly.graph_objects as go

from dashboard.charts.labels import inert

LINE_WIDTH = 44
"""Characters a line, so that the sentence fits a chart 400 pixels wide."""


def waiting(message: str) -> go.Figure:
    """A figure without axes and with one sentence in its middle."""
    lines = textwrap.wrap(message, LINE_WIDTH)
    text = "<br>".join(inert(line) for line in lines)
    return go.Figure(
        layout={
            "template": "none",
            "xaxis": {"visible": False, "fixedrange": True},
            "yaxis": {"visible": False, "fixedrange": True},
            "annotations": [
                {
                    "text": text,
                    "x": 0.5,
                    "y": 0.5,
                    "xref": "paper",
                    "yref": "paper",
                    "showarrow": False,
                    "font": {"size": 14},
                    "opacity": 0.75,
                }
            ],
        }
    )
