"""The controls of the view. The address holds each choice, so that a link restores the view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.charts.curves import Metric
from dashboard.charts.series import Axis

_METRICS: dict[str, tuple[Metric, ...]] = {
    "Both": ("loss", "accuracy"),
    "Loss": ("loss",),
    "Accuracy": ("accuracy",),
}
_AXES: dict[str, Axis] = {"Epochs": "epoch", "Seconds": "seconds", "Images": "images"}
_SPLITS = {"Training": "train", "Validation": "validation"}
_LINEAR, _LOG = "Linear", "Log"
MOST_SMOOTHING = 0.95


@dataclass(frozen=True)
class View:
    """The values of the controls."""

    metrics: tuple[Metric, ...]
    x: Axis
    log_y: bool
    splits: tuple[str, ...]
    smoothing: float
    group: str
    """One of ``groups.groupings``."""


def show(groupings: Sequence[str]) -> View:
    """Show the controls. ``groupings`` are the ways to group runs; the first is no grouping."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        metric = _one("Metric", list(_METRICS), "metric")
        axis = _one("X axis", list(_AXES), "axis")
        scale = _one("Y axis", [_LINEAR, _LOG], "scale")
        splits = st.pills(
            "Splits",
            list(_SPLITS),
            selection_mode="multi",
            default=list(_SPLITS),
            key="splits",
            bind="query-params",
            help="Training is dotted, validation is solid.",
        )
        smoothing = st.slider(
            "Smoothing",
            0.0,
            MOST_SMOOTHING,
            0.0,
            0.05,
            key="smoothing",
            bind="query-params",
            width=190,
            help="Debiased exponential moving average. The raw values stay as a faint line, "
            "and best epochs come from raw values. Means of groups are not smoothed.",
        )
        group = st.selectbox(
            "Group by",
            list(groupings),
            key="group",
            bind="query-params",
            width=220,
            help="Shows the mean of each group with a band of ± one standard deviation.",
        )
    return View(
        metrics=_METRICS[metric],
        x=_AXES[axis],
        log_y=scale == _LOG,
        splits=tuple(_SPLITS[each] for each in splits or ()),
        smoothing=float(smoothing),
        group=group or groupings[0],
    )


def _one(label: str, options: list[str], key: str) -> str:
    chosen = st.segmented_control(
        label, options, default=options[0], required=True, key=key, bind="query-params"
    )
    return chosen or options[0]
