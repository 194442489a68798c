"""The curves of all trials in one chart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.charts import palette
from dashboard.charts.labels import waiting
from dashboard.charts.series import x_axis

FAINT = 0.12
"""Opacity of trials outside the brush."""


@dataclass(frozen=True)
class _Group:
    """Trials of the same style, drawn as one trace with gaps between their lines."""

    uid: str
    name: str
    style: dict[str, Any]
    numbers: frozenset[int]
    opacity: float = 1.0
    hover: bool = True


def trial_curves(
    frame: pd.DataFrame,
    *,
    metric: str,
    running: Collection[int],
    best: int | None,
    chosen: Collection[int] | None,
) -> go.Figure:
    """The validation curve of every trial: running ones dashed, the best one bold.

    ``frame`` is the long metrics frame with a column ``trial``; each run of a trial is a line.
    ``metric`` is ``accuracy`` or ``loss``; ``chosen`` are the brushed trials, None for all. All
    lines of one style are one trace, because one trace per line takes a hundred times as long.
    """
    rows = frame.loc[(frame["name"] == metric) & (frame["split"] == "validation")]
    rows = rows.sort_values(["trial", "run_id", "epoch"], kind="stable")
    if rows.empty:
        return waiting(f"Waiting for the first epoch of a trial: {metric} is recorded then.")
    groups = _groups(frozenset(int(each) for each in rows["trial"].unique()), running, best, chosen)
    traces = [trace for group in groups for trace in _trace(rows, group)]
    return go.Figure(
        data=traces,
        layout={
            "template": "none",
            "hovermode": "closest",
            "showlegend": True,
            "xaxis": x_axis("epoch", [rows["epoch"].to_numpy()]),
            "yaxis": {
                "title": {"text": f"Validation {metric}"},
                "uirevision": metric,
            },
        },
    )


def _groups(
    every: frozenset[int],
    running: Collection[int],
    best: int | None,
    chosen: Collection[int] | None,
) -> list[_Group]:
    brushed = every if chosen is None else every & frozenset(chosen)
    active = brushed & frozenset(running)
    best_trial = frozenset({best} if best is not None else set()) & brushed
    plain = {"color": palette.NEUTRAL, "width": 1}
    return [
        _Group("left-out", "Not brushed", plain, every - brushed, FAINT, hover=False),
        _Group(
            "ended",
            "Ended",
            {"color": palette.COLOURS[7], "width": 1.3},
            brushed - active - best_trial,
            0.8,
        ),
        _Group(
            "running",
            "Running",
            {"color": palette.COLOURS[1], "width": 2.2, "dash": "longdash"},
            active - best_trial,
        ),
        _Group("best", "Best", {"color": palette.COLOURS[0], "width": 3}, best_trial),
    ]


def _trace(rows: pd.DataFrame, group: _Group) -> Sequence[dict[str, Any]]:
    if not group.numbers:
        return []
    mine = rows.loc[rows["trial"].isin(group.numbers)]
    x, y, numbers = _with_gaps(mine)
    hover: dict[str, Any] = {"hoverinfo": "skip"}
    if group.hover:
        # Numbers only: a sentence per point would be most of the message.
        hover = {
            "customdata": numbers[:, None],
            "hovertemplate": "trial %{customdata[0]}<br>epoch %{x}: %{y:.4g}<extra></extra>",
        }
    return [
        {
            "type": "scatter",
            "mode": "lines+markers" if group.uid != "left-out" else "lines",
            "marker": {"size": 3 if group.uid == "ended" else 5},
            "uid": group.uid,
            "name": f"{group.name} ({len(group.numbers)})",
            "showlegend": group.hover,
            "x": x,
            "y": y,
            "line": group.style,
            "opacity": group.opacity,
            "connectgaps": False,
            **hover,
        }
    ]


def _with_gaps(
    rows: pd.DataFrame,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Epochs, values and trial numbers, with one NaN between two runs' lines."""
    run_ids = rows["run_id"].to_numpy()
    starts = np.flatnonzero(run_ids[1:] != run_ids[:-1]) + 1
    value = rows["value"].to_numpy(dtype=np.float64)
    finite = np.where(np.isfinite(value), value, np.nan)
    x = np.insert(rows["epoch"].to_numpy(dtype=np.float64), starts, np.nan)
    numbers = rows["trial"].to_numpy(dtype=np.int64)
    return x, np.insert(finite, starts, np.nan), np.insert(numbers, starts, numbers[starts - 1])
