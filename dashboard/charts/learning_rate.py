"""The learning rate: recorded values below the curves, and the preview of a schedule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import palette
from dashboard.charts.labels import inert, legend_name, trace_uid, waiting
from dashboard.charts.segments import fine_tuning_border
from dashboard.charts.series import Axis, RunStyle, split_series, x_axis


def learning_rate(
    frame: pd.DataFrame, *, x: Axis, log_y: bool, runs: Sequence[tuple[str, str, str]]
) -> go.Figure:
    """The learning rate at the end of each epoch, one line per run.

    ``frame`` is the long metrics frame; ``runs`` lists ``(run_id, label, colour)``.
    """
    series = split_series(frame, name="learning_rate", x=x)
    styles = [RunStyle(*run) for run in runs]
    traces: list[dict[str, Any]] = []
    highest = []
    for run in styles:
        line = series.get((run.run_id, "train"))
        if line is None:
            continue
        highest.append(max((rate for rate in line.value if math.isfinite(rate)), default=0.0))
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if line.epoch.size == 1 else "lines",
                "uid": trace_uid(run.run_id, "learning_rate"),
                "name": legend_name(run.label),
                "x": line.x,
                "y": line.finite,
                "customdata": line.epoch[:, None],
                "meta": inert(run.label),
                "line": {"color": run.colour, "width": 2, "shape": "hvh"},
                "hovertemplate": "%{meta}<br>learning rate %{y:.3g}, "
                "epoch %{customdata[0]}<extra></extra>",
            }
        )
    if not traces:
        return waiting("Waiting for the first epoch: the learning rate is recorded when it ends.")
    return go.Figure(
        data=traces,
        layout={
            "template": "none",
            "hovermode": "closest",
            # The curves above have a legend with the same colours.
            "showlegend": False,
            "xaxis": x_axis(x, (trace["x"] for trace in traces)),
            "yaxis": _rate_axis(log_y, max(highest)),
            **fine_tuning_border(frame, x=x, runs=styles),
        },
    )


def schedule_preview(rates: Sequence[float]) -> go.Figure:
    """The preview of a schedule: ``rates[i]`` is the learning rate in epoch ``i + 1``."""
    if not rates:
        return waiting("Choose at least one epoch to see the learning-rate schedule.")
    return go.Figure(
        data=[
            {
                "type": "scatter",
                "mode": "lines+markers" if len(rates) <= 40 else "lines",
                "uid": "schedule",
                "x": list(range(1, len(rates) + 1)),
                "y": list(rates),
                "line": {"color": palette.colour(0), "width": 2},
                "marker": {"size": 4},
                "hovertemplate": "epoch %{x}<br>learning rate %{y:.3g}<extra></extra>",
            }
        ],
        layout={
            "template": "none",
            "showlegend": False,
            "xaxis": x_axis("epoch", [range(1, len(rates) + 1)]),
            "yaxis": _rate_axis(False, max(rates)),
        },
    )


def _rate_axis(log_y: bool, highest: float) -> dict[str, object]:
    axis: dict[str, object] = {
        "title": {"text": "Learning rate"},
        "type": "log" if log_y else "linear",
        "exponentformat": "power",
        "uirevision": f"learning_rate/{log_y}",
    }
    if not log_y and highest > 0:
        # By default Plotly shows a constant rate of 0.001 on an axis from -1 to 1.
        axis["range"] = [0, 1.1 * highest]
    return axis
