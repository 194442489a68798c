"""A page of its own for the live chart: a fragment adds an epoch a second.

Query parameters: ``epochs`` (how many there are at first), ``runs``, ``frozen=1`` (no clock),
``broken=1`` (a figure that Plotly refuses).
"""

from __future__ import annotations

import math
import time

import pandas as pd
import streamlit as st

from dashboard import live_chart
from dashboard.charts import palette
from dashboard.charts.curves import learning_curves
from dashboard.charts.gap import overfit_gap
from dashboard.charts.learning_rate import learning_rate

st.set_page_config(layout="wide")
NUM_EPOCHS = int(st.query_params.get("epochs", 8))
NUM_RUNS = int(st.query_params.get("runs", 2))
FROZEN = "frozen" in st.query_params


def history(num_epochs: int) -> pd.DataFrame:
    """Smooth made-up histories in the long frame's shape, one a run."""
    rows = []
    for number in range(NUM_RUNS):
        for epoch in range(1, num_epochs + 1):
            fall = math.exp(-epoch / (6 + 2 * number))
            wiggle = 0.04 * math.sin(epoch * (2 + number))
            values = {
                ("train", "loss"): 0.2 + 2 * fall,
                ("validation", "loss"): 0.5 + 0.1 * number + 1.7 * fall + wiggle,
                ("train", "accuracy"): 0.97 - 0.8 * fall,
                ("validation", "accuracy"): 0.8 - 0.03 * number - 0.6 * fall + wiggle / 4,
                ("train", "learning_rate"): 1e-3 * 0.5 ** (epoch // 10),
            }
            for (split, name), value in values.items():
                rows.append((f"run-{number}", epoch, split, name, value, 3.5 * epoch, 5000 * epoch))
    return pd.DataFrame(
        rows, columns=["run_id", "epoch", "split", "name", "value", "seconds", "images"]
    )


labels = ["plain", "dropout 0.25 and 0.5", "batch norm", "L2 1e-3"]
colours = palette.assign([f"run-{number}" for number in range(NUM_RUNS)])
runs = [
    (run_id, labels[number % 4], colour) for number, (run_id, colour) in enumerate(colours.items())
]

log_y = st.toggle("Logarithmic")
smoothing = st.slider("Smoothing", 0.0, 0.99, 0.0)
if st.session_state.get("rerun"):
    st.write("The page ran again.")
st.button("Run again", key="rerun")


@st.fragment(run_every=None if FROZEN else 1.0)
def live() -> None:
    """One tick: an epoch more, and how long the server took for it."""
    st.session_state.epochs = st.session_state.get("epochs", NUM_EPOCHS - 1) + 1
    frame = history(st.session_state.epochs)
    started = time.perf_counter()
    figure = learning_curves(
        frame, metric="loss", x="epoch", log_y=log_y, smoothing=smoothing, runs=runs
    )
    if "broken" in st.query_params:
        figure = figure.to_plotly_json() | {"data": [None]}
    live_chart.show(
        figure, key="loss", height=420, description=f"Loss over {st.session_state.epochs} epochs"
    )
    took = 1000 * (time.perf_counter() - started)
    st.caption(f"epochs: {st.session_state.epochs} · {took:.1f} ms")


live()
if FROZEN:
    frame = history(NUM_EPOCHS)
    left, right = st.columns(2)
    with left:
        live_chart.show(
            learning_rate(frame, x="epoch", log_y=False, runs=runs),
            key="rate",
            height=220,
            description="Learning rate",
        )
    with right:
        live_chart.show(
            overfit_gap(frame, x="epoch", runs=runs),
            key="gap",
            height=220,
            description="Overfit gap",
        )
    with right:
        live_chart.show(
            learning_curves(
                frame.iloc[:0], metric="loss", x="epoch", log_y=False, smoothing=0, runs=runs
            ),
            key="empty",
            height=160,
            description="Nothing yet",
        )
st.write("end of page")
