"""One run's curves: loss and accuracy, with the learning rate below."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.records.runs import Run
from dashboard import live_chart
from dashboard.charts import palette
from dashboard.charts.curves import Metric, learning_curves
from dashboard.charts.learning_rate import learning_rate
from dashboard.shared import run_state, scores
from dashboard.shared.links import run_label
from dashboard.shared.text import percent

HEIGHT = 340
METRICS: tuple[Metric, Metric] = ("loss", "accuracy")


def show(run: Run, metrics: pd.DataFrame) -> None:
    """Show loss and accuracy side by side, and the learning rate below."""
    styles = [(run.id, run_label(run), palette.assign([run.id])[run.id])]
    for column, metric in zip(st.columns(2), METRICS, strict=True):
        with column:
            _curves(run, metrics, metric, styles)
    live_chart.show(
        learning_rate(metrics, x="epoch", log_y=False, runs=styles),
        key=f"run/{run.id}/learning_rate",
        height=190,
        description=f"Learning rate at the end of each of {run_state.epochs(run)}.",
    )


def _curves(
    run: Run, metrics: pd.DataFrame, metric: Metric, styles: list[tuple[str, str, str]]
) -> None:
    figure = learning_curves(
        metrics, metric=metric, x="epoch", log_y=False, smoothing=0.0, runs=styles
    )
    with st.container(gap="xxsmall"):
        st.markdown(f"**{metric.capitalize()}**")
        live_chart.show(
            figure,
            key=f"run/{run.id}/{metric}",
            height=HEIGHT,
            description=_in_words(run, metrics, metric),
        )


def _in_words(run: Run, metrics: pd.DataFrame, metric: Metric) -> str:
    done = scores.epochs(metrics, run.id)
    if not done:
        return f"No {metric} curve yet: the first epoch has not finished."
    last = done[max(done)]
    parts = [
        f"{word} {_value(metric, last.value(split, metric))}"
        for split, word in (("train", "training"), ("validation", "validation"))
    ]
    return f"{metric.capitalize()} over {len(done)} epochs; last: {', '.join(parts)}."


def _value(metric: Metric, value: float | None) -> str:
    if metric == "accuracy":
        return percent(value)
    return "none" if value is None else f"{value:.4g}"
