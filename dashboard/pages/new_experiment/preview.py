"""The preview beside the form: the experiment's totals, time, data set, schedule and layers."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.errors import ConvscopeError, InvalidExperiment
from core.models.summary import Summary
from core.spec import Experiment
from core.training.rates import rates_by_epoch
from dashboard import live_chart, state
from dashboard.charts.learning_rate import schedule_preview
from dashboard.shared import dataset_state, layer_table
from dashboard.shared.text import counted, duration, inert, large, number, size


def show(experiment: Experiment | None) -> None:
    """Totals, time, data set, learning rate and layers, or the reason why there are none."""
    if experiment is None:
        st.info("Fix the marked fields to see the preview.")
        return
    try:
        summary = state.client().experiments.describe(experiment)
    except InvalidExperiment:
        st.info("Fix the marked fields to see the layers.")
        return
    except ConvscopeError as error:
        st.info(inert(str(error)))
        return
    _totals(summary)
    _time(experiment)
    state.while_busy(
        lambda: dataset_state.show(experiment.data.dataset, key="preview"),
        dataset_state.any_preparing,
    )
    _learning_rate(experiment)
    layer_table.show(summary)


def _totals(summary: Summary) -> None:
    with st.grid("auto", min_column_width=120, gap="xsmall"):
        st.metric(
            "Parameters",
            number(summary.parameters),
            help=f"{number(summary.trainable)} of them are trainable.",
        )
        st.metric(
            "FLOPs per image",
            large(summary.flops),
            help="Forward pass; a multiply-add counts as two. Training takes about three times "
            "as many.",
        )
        st.metric(
            "Memory",
            f"≈ {size(summary.memory_bytes)}",
            help=f"Estimated for training with batch size {summary.batch_size}. The engine itself "
            "needs a few hundred megabytes more.",
        )


def _time(experiment: Experiment) -> None:
    try:
        estimate = state.client().experiments.estimate(experiment)
    except ConvscopeError as error:
        st.caption(inert(str(error)))
        return
    basis = (
        f"Based on {counted(estimate.based_on, 'earlier run')} on this machine."
        if estimate.based_on
        else estimate.sentence
    )
    epochs, num_runs = experiment.total_epochs, len(experiment.seeds)
    total_s = estimate.seconds(epochs) * num_runs
    st.markdown(
        f":material/timer: **Time per epoch: about {duration(estimate.seconds_per_epoch)}** "
        f"({duration(estimate.low)} to {duration(estimate.high)}). "
        f"{counted(epochs, 'epoch')}{_times_runs(num_runs)}: about {duration(total_s)}, "
        f"finished {_clock(total_s)} if launched now. :small[{inert(basis)}]"
    )


def _times_runs(num_runs: int) -> str:
    return f" x {num_runs} runs, one after the other" if num_runs > 1 else ""


def _clock(after_s: float) -> str:
    if not math.isfinite(after_s) or after_s > 300 * 86400:
        return "much later"
    # Local time of the server, which usually is the machine of the browser.
    done_at = (datetime.now(UTC) + timedelta(seconds=after_s)).astimezone()
    return f"{done_at:at %H:%M}" if after_s < 20 * 3600 else f"{done_at:on %d %B at %H:%M}"


def _learning_rate(experiment: Experiment) -> None:
    training = experiment.training
    steps = math.ceil(
        state.client().experiments.num_training_images(experiment) / training.batch_size
    )
    rates = rates_by_epoch(experiment, steps)
    live_chart.show(
        schedule_preview(rates),
        key="preview/schedule",
        height=190,
        description=f"Learning rate at the end of each epoch, from {rates[0]:.3g} to "
        f"{rates[-1]:.3g} over {counted(experiment.total_epochs, 'epoch')}.",
    )
    if training.reduce_on_plateau:
        st.caption(
            "Not in the chart: reduce-on-plateau lowers the rate when validation stops improving."
        )
