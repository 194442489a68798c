"""Where fine-tuning begins in a run of two segments: a thin dotted line with a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dashboard.charts.series import Axis, RunStyle, split_series

_INK = "#8a8a8a"
"""Visible on white and on black."""


def fine_tuning_border(frame: pd.DataFrame, *, x: Axis, runs: Sequence[RunStyle]) -> dict[str, Any]:
    """``shapes`` and ``annotations`` for a figure of one run; empty for several runs.

    ``frame`` is the long metrics frame, whose metric ``phase`` is the segment: 1, then 2. The line
    is half-way between the last epoch of the first segment and the first of the second.
    """
    empty: dict[str, Any] = {"shapes": [], "annotations": []}
    line = split_series(frame, name="phase", x=x).get((runs[0].run_id, "train")) if runs else None
    if len(runs) != 1 or line is None:
        return empty
    steps = np.flatnonzero(np.diff(line.value) > 0)
    if not steps.size:
        return empty
    # Between two epochs, so that no grid line hides it.
    at = float(line.x[steps[0]] + line.x[steps[0] + 1]) / 2
    return {"shapes": [_line(at)], "annotations": [_label(at)]}


def _line(at: float) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "line": {"color": _INK, "width": 1, "dash": "dot"},
        "layer": "below",
    }


def _label(at: float) -> dict[str, Any]:
    return {
        "text": "fine-tuning \u2192",
        "font": {"size": 11},
        "opacity": 0.8,
        "showarrow": False,
        "xref": "x",
        "yref": "paper",
        "x": at,
        "y": 0,
        "xanchor": "left",
        "yanchor": "bottom",
        "xshift": 3,
    }
