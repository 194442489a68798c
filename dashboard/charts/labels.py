"""Text in figures: safe labels, ids of traces, and a figure that holds one sentence."""

from __future__ import annotations

import html
import re
import textwrap

import plotly.graph_objects as go


def inert(text: str) -> str:
    """The text escaped for Plotly, which would turn ``<a href=...>`` into a link."""
    return html.escape(text, quote=False)


def shortened(text: str, limit: int = 32) -> str:
    """The text within ``limit`` characters, cut in the middle, as names often differ at the end."""
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def legend_name(label: str) -> str:
    """A run's label for a legend: shortened and escaped."""
    return inert(shortened(label))


def trace_uid(*parts: str) -> str:
    """A trace's ``uid``, by which Plotly recognises the trace after an update.

    Plotly also uses it as a CSS class when it exports an image, and fails on characters other than
    letters, digits, ``-`` and ``_``.
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", "-".join(parts))


LINE_WIDTH = 44
"""Characters per line; such a line fits a chart 400 pixels wide."""


def waiting(message: str) -> go.Figure:
    """A figure without axes that shows one sentence, for a chart without data yet."""
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
