"""What a redraw of the learning curves costs the server."""

from __future__ import annotations

import pandas as pd
from plotly.io.json import to_json_plotly

from benchmarks.figures import Figure
from benchmarks.past import add_runs_with_curves
from benchmarks.session import Session
from benchmarks.timing import milliseconds_of
from dashboard.charts import palette
from dashboard.charts.curves import Metric, learning_curves

TITLE = "Charts"


def measure(session: Session) -> list[Figure]:
    """Loss and accuracy of several long runs, smoothed, from the store to the wire."""
    size = session.size
    with session.lab() as client:
        runs = add_runs_with_curves(
            client, session.experiment(), size.chart_runs, size.chart_epochs
        )
        ids = [run.id for run in runs]
        frame = client.metrics.frame(ids)
        colours = palette.assign(ids)
        styles = [(run.id, run.name, colours[run.id]) for run in runs]
        read = milliseconds_of(lambda: client.metrics.frame(ids), size.repeats)
        drawn = milliseconds_of(lambda: draw(frame, styles), size.repeats)
    what = f"{size.chart_runs} runs × {size.chart_epochs} epochs"
    return [
        Figure(f"Read the metrics of {what}", read, "ms", note=f"{len(frame):,} values"),
        Figure(f"Draw their loss and accuracy, {what}", drawn, "ms", note="figures as JSON"),
    ]


def draw(frame: pd.DataFrame, runs: list[tuple[str, str, str]]) -> int:
    """Both charts as they go to the browser; their length in characters."""
    length = 0
    metrics: tuple[Metric, ...] = ("loss", "accuracy")
    for metric in metrics:
        figure = learning_curves(
            frame,
            metric=metric,
            x="epoch",
            log_y=False,
            smoothing=0.6,
            runs=runs,
        )
        length += len(to_json_plotly(figure, engine="orjson"))
    return length
