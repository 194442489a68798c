"""The mean of several runs' curves, with a band of one standard deviation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.charts import palette
from dashboard.charts.curves import SPLITS, Metric
from dashboard.charts.labels import inert, legend_name, trace_uid, waiting
from dashboard.charts.series import Axis, Series, SeriesOf, split_series, x_axis

Trace = dict[str, Any]
BAND_OPACITY = 0.16


class Group(NamedTuple):
    """Runs that share one line: a label, a colour, the ids."""

    key: str
    label: str
    colour: str
    run_ids: tuple[str, ...]


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation of a metric over runs, one entry per epoch."""

    epoch: NDArray[np.int64]
    x: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    """NaN where only one run has the epoch."""
    count: NDArray[np.int64]


def mean_bands(
    frame: pd.DataFrame,
    *,
    metric: Metric,
    x: Axis,
    log_y: bool,
    groups: Sequence[Group],
    splits: Collection[str],
) -> go.Figure:
    """The mean over each group's runs with a band; training is dotted, validation solid.

    The band is the mean plus and minus one sample standard deviation (n - 1) over the runs that
    have the epoch. An epoch of a single run has no band. On a logarithmic axis the band ends at
    the lowest value of any run, because the mean minus the deviation may be negative.
    """
    series = split_series(frame, name=metric, x=x)
    traces = [
        trace
        for group in groups
        for split, _ in SPLITS
        if split in splits
        for trace in _traces(group, split, series, log_y)
    ]
    if not traces:
        return waiting(f"Waiting for the first epoch: {metric} is recorded when it ends.")
    _name_once(traces)
    return go.Figure(data=traces, layout=_layout(metric, x, log_y, traces))


def spread(lines: Sequence[Series]) -> Spread:
    """Mean and spread of several runs over every epoch that any of them has."""
    rows = pd.concat(
        [pd.DataFrame({"epoch": s.epoch, "x": s.x, "value": s.finite}) for s in lines]
    ).dropna()
    found = rows.groupby("epoch").agg(
        x=("x", "mean"), mean=("value", "mean"), std=("value", "std"), count=("value", "size")
    )
    return Spread(
        found.index.to_numpy(dtype=np.int64),
        found["x"].to_numpy(dtype=np.float64),
        found["mean"].to_numpy(dtype=np.float64),
        found["std"].to_numpy(dtype=np.float64),
        found["count"].to_numpy(dtype=np.int64),
    )


def _traces(group: Group, split: str, series: SeriesOf, log_y: bool) -> list[Trace]:
    lines = [series[(each, split)] for each in group.run_ids if (each, split) in series]
    if not lines:
        return []
    over = spread(lines)
    if not over.epoch.size:
        return []
    lowest = min(float(np.nanmin(line.finite)) for line in lines if np.isfinite(line.value).any())
    band = _band(group, split, over, lowest if log_y else -np.inf)
    return [*band, _mean(group, split, over)]


def _band(group: Group, split: str, over: Spread, lowest: float) -> list[Trace]:
    several = over.count > 1
    if not several.any():
        return []
    x, mean, std = over.x[several], over.mean[several], over.std[several]
    lower = np.maximum(mean - std, lowest)
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "uid": trace_uid(group.key, split, "band"),
            "legendgroup": group.key,
            "x": np.r_[x, x[::-1]],
            "y": np.r_[mean + std, lower[::-1]],
            "fill": "toself",
            "fillcolor": group.colour,
            "opacity": BAND_OPACITY,
            "line": {"width": 0, "color": group.colour},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]


def _mean(group: Group, split: str, over: Spread) -> Trace:
    word = dict(SPLITS)[split]
    dash = palette.TRAINING_DASH if split == "train" else "solid"
    std = [f" ± {each:.2g}" if np.isfinite(each) else "" for each in over.std]
    return {
        "type": "scatter",
        "mode": "lines+markers" if over.epoch.size == 1 else "lines",
        "uid": trace_uid(group.key, split, "mean"),
        "legendgroup": group.key,
        "name": legend_name(group.label),
        "x": over.x,
        "y": over.mean,
        "customdata": np.column_stack([over.epoch, over.count, np.array(std, dtype=object)]),
        "meta": inert(group.label),
        "line": {"color": group.colour, "width": 2.2, "dash": dash},
        "hovertemplate": f"%{{meta}}<br>{word}, epoch %{{customdata[0]}}<br>mean %{{y:.4g}}"
        "%{customdata[2]} (n = %{customdata[1]})<extra></extra>",
    }


def _name_once(traces: list[Trace]) -> None:
    """Keep one legend entry per group: that of its last line, validation if it is shown."""
    last = {trace["legendgroup"]: trace for trace in traces if "name" in trace}
    for trace in traces:
        trace["showlegend"] = last[trace["legendgroup"]] is trace


def _layout(metric: Metric, x: Axis, log_y: bool, traces: list[Trace]) -> Trace:
    return {
        "template": "none",
        "hovermode": "closest",
        "showlegend": True,
        "legend": {"groupclick": "togglegroup"},
        "annotations": [
            {
                "text": "lines: mean · bands: ± one standard deviation",
                "font": {"size": 11},
                "opacity": 0.8,
                "showarrow": False,
                "xref": "paper",
                "yref": "paper",
                "x": 0,
                "y": 1,
                "xanchor": "left",
                "yanchor": "bottom",
            }
        ],
        "xaxis": x_axis(x, (trace["x"] for trace in traces)),
        "yaxis": {
            "title": {"text": metric.capitalize()},
            "type": "log" if log_y else "linear",
            "uirevision": f"{metric}/{log_y}",
        },
    }
