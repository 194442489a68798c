"""The curves of several runs, one chart per metric, and the overfit gap of each run."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.records.runs import Run
from dashboard import live_chart
from dashboard.charts import palette
from dashboard.charts.bands import Group, mean_bands
from dashboard.charts.curves import Metric, learning_curves
from dashboard.charts.gap import overfit_gap
from dashboard.charts.labels import waiting
from dashboard.pages.compare.groups import EACH_RUN, grouped
from dashboard.pages.compare.view import View
from dashboard.shared import scores
from dashboard.shared.links import distinct_labels
from dashboard.shared.text import counted, inert

HEIGHT = 430


def show(runs: Sequence[Run], metrics: pd.DataFrame, view: View) -> None:
    """Show loss and accuracy side by side, or the chosen one."""
    for column, metric in zip(st.columns(len(view.metrics)), view.metrics, strict=True):
        with column:
            st.markdown(f"**{metric.capitalize()}**")
            live_chart.show(
                _figure(runs, metrics, metric, view),
                key=f"compare/{metric}",
                height=HEIGHT,
                description=f"{metric.capitalize()} of {counted(len(runs), 'run')}: "
                f"{', '.join(view.splits) or 'no'} split. The tab Scores lists the values.",
            )


def gap(runs: Sequence[Run], metrics: pd.DataFrame, view: View) -> None:
    """Show training minus validation accuracy, with a sentence about each run."""
    live_chart.show(
        overfit_gap(metrics, x=view.x, runs=styles(runs)),
        key="compare/gap",
        height=HEIGHT,
        description=f"Training minus validation accuracy of {counted(len(runs), 'run')}.",
    )
    labels = distinct_labels(runs)
    for run in runs:
        done = scores.epochs(metrics, run.id)
        if run.best is not None and run.best.epoch in done:
            words = scores.gap_in_words(done[run.best.epoch])
            st.caption(f"**{inert(labels[run.id])}**, best epoch. {words}")


def styles(runs: Sequence[Run]) -> list[tuple[str, str, str]]:
    """Each run's id, label and colour, for charts."""
    colours = palette.assign([run.id for run in runs])
    labels = distinct_labels(runs)
    return [(run.id, labels[run.id], colours[run.id]) for run in runs]


def _figure(runs: Sequence[Run], metrics: pd.DataFrame, metric: Metric, view: View) -> go.Figure:
    if not view.splits:
        return waiting("Choose training, validation or both under Splits.")
    if view.group != EACH_RUN:
        groups = [_with_short_key(group) for group in grouped(runs, view.group)]
        return mean_bands(
            metrics, metric=metric, x=view.x, log_y=view.log_y, groups=groups, splits=view.splits
        )
    return learning_curves(
        metrics[metrics["split"].isin(view.splits)],
        metric=metric,
        x=view.x,
        log_y=view.log_y,
        smoothing=view.smoothing,
        runs=styles(runs),
    )


def _with_short_key(group: Group) -> Group:
    """The group with a key short enough for a trace id."""
    return group._replace(key=blake2b(group.key.encode(), digest_size=8).hexdigest())
