"""Loss and accuracy over training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.charts import palette
from dashboard.charts.labels import inert, legend_name, trace_uid, waiting
from dashboard.charts.segments import fine_tuning_border
from dashboard.charts.series import Axis, RunStyle, Series, SeriesOf, smooth, split_series, x_axis

Metric = Literal["loss", "accuracy"]
Trace = dict[str, Any]

SPLITS = (("train", "training"), ("validation", "validation"))
FAINT = 0.28
"""Opacity of the raw line below its smoothed line."""


def learning_curves(
    frame: pd.DataFrame,
    *,
    metric: Metric,
    x: Axis,
    log_y: bool,
    smoothing: float,
    runs: Sequence[tuple[str, str, str]],
) -> go.Figure:
    """Training (dotted) and validation (solid) curves of ``runs``, with the best epoch marked.

    ``frame`` is the long metrics frame (see ``series.split_series``). ``runs`` lists
    ``(run_id, label, colour)`` in the order of the legend. ``smoothing`` is that of
    ``series.smooth``; the raw values stay as a faint line, and the best epoch comes from them.
    Epochs with a NaN or infinite value break the line, with a cross at the start.
    """
    series = split_series(frame, name=metric, x=x)
    styles = [RunStyle(*run) for run in runs]
    traces = [
        trace
        for position, run in enumerate(styles)
        for trace in _run_traces(run, series, metric, smoothing, _pattern(styles, position), styles)
    ]
    if not traces:
        return waiting(f"Waiting for the first epoch: {metric} is recorded when it ends.")
    layout = _layout(metric, x, log_y, len(styles), traces)
    tuning = fine_tuning_border(frame, x=x, runs=styles)
    layout["shapes"] = tuning["shapes"]
    layout["annotations"] += tuning["annotations"]
    return go.Figure(data=traces, layout=layout)


def _pattern(styles: Sequence[RunStyle], position: int) -> str:
    """The dash of a run's validation curve: a new one for each run of the same colour."""
    repeats = sum(run.colour == styles[position].colour for run in styles[:position])
    return palette.dash(repeats * len(palette.COLOURS))


def _run_traces(
    run: RunStyle,
    series: SeriesOf,
    metric: Metric,
    smoothing: float,
    pattern: str,
    styles: Sequence[RunStyle],
) -> list[Trace]:
    alone = len(styles) == 1
    traces: list[Trace] = []
    named: Trace | None = None
    for split, word in SPLITS:
        line = series.get((run.run_id, split))
        if line is None or not line.epoch.size:
            continue
        group = f"{run.run_id}/{split}" if alone else run.run_id
        name = word.capitalize() if alone else legend_name(run.label)
        dash = palette.TRAINING_DASH if split == "train" else pattern
        shared = {"legendgroup": group, "name": name}
        traces += _line_traces(run, line, split, smoothing, dash, shared)
        # One legend entry per run, in the style of its validation curve if there is one.
        if named and not alone:
            named["showlegend"] = False
        named = traces[-1]
        traces += _break_traces(run, line, split, metric, shared)
        if split == "validation":
            traces += _best_trace(run, line, metric, shared)
    return traces


def _line_traces(
    run: RunStyle, line: Series, split: str, smoothing: float, dash: str, shared: Trace
) -> list[Trace]:
    """The raw line if ``smoothing`` is used, then the main line."""
    width = 1.6 if split == "train" else 2.2
    main = _line(run, line, split, smooth(line.value, smoothing), shared)
    main |= {"line": {"color": run.colour, "width": width, "dash": dash}}
    if not smoothing:
        return [main]
    raw = _line(run, line, split, line.finite, shared) | {
        "uid": trace_uid(run.run_id, split, "raw"),
        "line": {"color": run.colour, "width": 1},
        "opacity": FAINT,
        "mode": "lines",
        "hoverinfo": "skip",
        "hovertemplate": None,
        "showlegend": False,
    }
    main["customdata"] = np.column_stack([line.epoch, line.finite])
    main["hovertemplate"] = _hover(split, "%{y:.4g} smoothed, %{customdata[1]:.4g} raw")
    return [raw, main]


def _line(run: RunStyle, line: Series, split: str, y: NDArray[np.float64], shared: Trace) -> Trace:
    return {
        "type": "scatter",
        # A single epoch, or one between two gaps, needs a marker to be visible.
        "mode": "lines+markers" if _has_lone_points(y) else "lines",
        "marker": {"size": 5},
        "uid": trace_uid(run.run_id, split),
        "x": line.x,
        "y": y,
        "customdata": line.epoch[:, None],
        "meta": inert(run.label),
        "hovertemplate": _hover(split, "%{y:.4g}"),
        "connectgaps": False,
        **shared,
    }


def _has_lone_points(y: NDArray[np.float64]) -> bool:
    finite = np.isfinite(y)
    neighbour = np.r_[False, finite[:-1]] | np.r_[finite[1:], False]
    return bool((finite & ~neighbour).any())


def _hover(split: str, value: str) -> str:
    word = dict(SPLITS)[split]
    return f"%{{meta}}<br>{word}, epoch %{{customdata[0]}}<br>{value}<extra></extra>"


def _break_traces(
    run: RunStyle, line: Series, split: str, metric: Metric, shared: Trace
) -> list[Trace]:
    """Crosses where values stop being finite, at the height of the last finite value."""
    breaks = line.breaks()
    if not breaks:
        return []
    texts = [
        f"{metric} {each.kind} "
        + (
            f"at epoch {each.first_epoch}"
            if each.first_epoch == each.last_epoch
            else f"from epoch {each.first_epoch} to {each.last_epoch}"
        )
        for each in breaks
    ]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "uid": trace_uid(run.run_id, split, "breaks"),
            "x": [each.x for each in breaks],
            "y": [line.nearest_finite(each.x) for each in breaks],
            "text": texts,
            "meta": inert(run.label),
            "marker": {"symbol": "x-thin", "size": 9, "line": {"color": run.colour, "width": 2.5}},
            "hovertemplate": f"%{{meta}}<br>{dict(SPLITS)[split]} %{{text}}<extra></extra>",
            "showlegend": False,
            **shared,
        }
    ]


def _best_trace(run: RunStyle, line: Series, metric: Metric, shared: Trace) -> list[Trace]:
    if not np.isfinite(line.value).any():
        return []
    best = int(np.nanargmin(line.finite) if metric == "loss" else np.nanargmax(line.finite))
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "uid": trace_uid(run.run_id, "validation", "best"),
            "x": [line.x[best]],
            "y": [line.value[best]],
            "customdata": [[int(line.epoch[best])]],
            "meta": inert(run.label),
            "marker": {"symbol": "star", "size": 12, "color": run.colour},
            "hovertemplate": f"%{{meta}}<br>best validation {metric} %{{y:.4g}}, "
            "epoch %{customdata[0]}<extra></extra>",
            "showlegend": False,
            **shared,
        }
    ]


def _layout(metric: Metric, x: Axis, log_y: bool, num_runs: int, traces: list[Trace]) -> Trace:
    return {
        "template": "none",
        "hovermode": "closest",
        "showlegend": True,
        "legend": {"groupclick": "togglegroup", "traceorder": "normal"},
        "annotations": [_key(num_runs)],
        "xaxis": x_axis(x, (trace["x"] for trace in traces)),
        "yaxis": {
            "title": {"text": metric.capitalize()},
            "type": "log" if log_y else "linear",
            "uirevision": f"{metric}/{log_y}",
        },
    }


def _key(num_runs: int) -> Trace:
    """A line above the plot that explains star and line patterns."""
    patterns = "solid: validation · dotted: training · " if num_runs > 1 else ""
    return {
        "text": f"{patterns}★ best validation",
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
