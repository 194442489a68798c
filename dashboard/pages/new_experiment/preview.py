"""What an experiment will be and cost, drawn beside the form as it is filled in."""

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
    """Totals, time, data set, learning rate and every layer; what cannot be told says why."""
    if experiment is None:
        st.info("The preview comes back when the marked fields are mended.")
        return
    try:
        summary = state.client().experiments.describe(experiment)
    except InvalidExperiment:
        st.info("The layers come back when the marked fields are mended.")
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
            help=f"{number(summary.trainable)} of them are trained.",
        )
        st.metric(
            "FLOPs an image",
            large(summary.flops),
            help="One picture, forwards; a multiply-add counts as two. Training takes about "
            "three times as many.",
        )
        st.metric(
            "Memory",
            f"≈ {size(summary.memory_bytes)}",
            help=f"Estimate for training at batch size {summary.batch_size}, beside the "
            "engine's own few hundred megabytes.",
        )


def _time(experiment: Experiment) -> None:
    try:
        estimate = state.client().experiments.estimate(experiment)
    except ConvscopeError as error:
        st.caption(inert(str(error)))
        return
    basis = (
        f"Going by {counted(estimate.based_on, 'past run')} on this machine."
        if estimate.based_on
        else estimate.sentence
    )
    epochs, num_runs = experiment.total_epochs, len(experiment.seeds)
    total_s = estimate.seconds(epochs) * num_runs
    st.markdown(
        f":material/timer: **About {duration(estimate.seconds_per_epoch)} an epoch** "
        f"({duration(estimate.low)} to {duration(estimate.high)}). "
        f"{counted(epochs, 'epoch')}{_times_runs(num_runs)}: about {duration(total_s)}, "
        f"done {_clock(total_s)} if it starts now. :small[{inert(basis)}]"
    )


def _times_runs(num_runs: int) -> str:
    return f" x {num_runs} runs one after the other" if num_runs > 1 else ""


def _clock(after_s: float) -> str:
    if not math.isfinite(after_s) or after_s > 300 * 86400:
        return "much later"
    # Local time of this machine, where the page is opened too.
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
        st.caption("Reduce-on-plateau lowers it when validation stops improving: not drawn.")
