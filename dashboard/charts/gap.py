"""The overfit gap: training accuracy minus validation accuracy over training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import palette
from dashboard.charts.labels import inert, legend_name, trace_uid, waiting
from dashboard.charts.series import Axis, RunStyle, Series, split_series, x_axis


def overfit_gap(frame: pd.DataFrame, *, x: Axis, runs: Sequence[tuple[str, str, str]]) -> go.Figure:
    """Training accuracy minus validation accuracy, one line per run; above zero is overfitting.

    ``frame`` is the long metrics frame; ``runs`` lists ``(run_id, label, colour)``. Epochs without
    both accuracies are left out. Dropout and augmentation act in training only, so the gap of a
    regularised model can be negative.
    """
    series = split_series(frame, name="accuracy", x=x)
    traces = []
    for run in (RunStyle(*run) for run in runs):
        train = series.get((run.run_id, "train"))
        validation = series.get((run.run_id, "validation"))
        if train is None or validation is None:
            continue
        gap = difference(train, validation)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if gap.epoch.size == 1 else "lines",
                "uid": trace_uid(run.run_id, "gap"),
                "name": legend_name(run.label),
                "x": gap.x,
                "y": gap.finite,
                "customdata": gap.epoch[:, None],
                "meta": inert(run.label),
                "line": {"color": run.colour, "width": 2.2},
                "hovertemplate": "%{meta}<br>training minus validation accuracy %{y:+.3f}, "
                "epoch %{customdata[0]}<extra></extra>",
            }
        )
    if not traces:
        return waiting("Waiting for an epoch with training and validation accuracy.")
    return go.Figure(data=traces, layout=_layout(x, traces))


def difference(train: Series, validation: Series) -> Series:
    """``train`` minus ``validation`` for the epochs that both have."""
    epochs, in_train, in_validation = np.intersect1d(
        train.epoch, validation.epoch, assume_unique=True, return_indices=True
    )
    with np.errstate(invalid="ignore"):  # infinity minus infinity is NaN: a gap in the line
        value = train.value[in_train] - validation.value[in_validation]
    return Series(epochs, train.x[in_train], value)


def _layout(x: Axis, traces: list[Any]) -> dict[str, object]:
    return {
        "template": "none",
        "hovermode": "closest",
        "showlegend": len(traces) > 1,
        "xaxis": x_axis(x, (trace["x"] for trace in traces)),
        "yaxis": {"title": {"text": "Accuracy gap"}, "tickformat": "+.2f"},
        "shapes": [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": 0,
                "y1": 0,
                "line": {"color": palette.NEUTRAL, "width": 1, "dash": "dot"},
                "layer": "below",
            }
        ],
    }
