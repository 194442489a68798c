"""The figures of lessons; some are computed for the model in the form."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import plotly.graph_objects as go

from core.models.summary import Summary
from core.spec import Experiment, parse
from dashboard import state
from dashboard.charts.lessons import learning_rate, model, regularisation

_USUAL_DROPOUT = 0.5
_WIDTHS = (0.5, 1.0, 2.0, 4.0)
_MOST_FILTERS = 4096
"""Upper bound of the field ``filters``."""


def figure(name: str, experiment: Experiment | None) -> go.Figure | None:
    """The figure of a lesson; None without one, or while the model in the form has errors.

    Raises what `client.experiments.describe` raises.
    """
    if name in _ALWAYS:
        return _ALWAYS[name](experiment)
    if name in _OF_THE_MODEL and experiment is not None:
        return _OF_THE_MODEL[name](experiment)
    return None


def _dropout(experiment: Experiment | None) -> go.Figure:
    found = experiment.model.regularization if experiment else None
    rate = (found.dense_dropout or found.conv_dropout) if found else 0.0
    return regularisation.dropout_masks(rate or _USUAL_DROPOUT)


def _receptive_field(experiment: Experiment) -> go.Figure:
    summary = _describe(experiment)
    return model.receptive_field(summary.layers, summary.input_shape[0])


def _depth(experiment: Experiment) -> go.Figure:
    return model.weights_by_layer(_describe(experiment).layers)


def _width(experiment: Experiment) -> go.Figure | None:
    if not experiment.model.stages:
        return None  # the width of a backbone is fixed
    return model.width_costs({factor: _describe(widened(experiment, factor)) for factor in _WIDTHS})


def widened(experiment: Experiment, factor: float) -> Experiment:
    """The experiment with the filters of every convolution times ``factor``, within bounds."""
    raw = experiment.to_dict()
    for stage in raw["model"]["stages"]:
        for convolution in stage["convolutions"]:
            if convolution.get("filters"):
                wide = round(convolution["filters"] * factor)
                convolution["filters"] = min(max(wide, 1), _MOST_FILTERS)
    return parse(raw)


def _describe(experiment: Experiment) -> Summary:
    return state.client().experiments.describe(experiment)


_ALWAYS: Mapping[str, Callable[[Experiment | None], go.Figure]] = {
    "learning_rate": lambda _: learning_rate.three_rates(),
    "dropout": _dropout,
    "batch_norm": lambda _: regularisation.batch_norm_histograms(),
    "l2": lambda _: regularisation.l2_fits(),
}
_OF_THE_MODEL: Mapping[str, Callable[[Experiment], go.Figure | None]] = {
    "depth": _depth,
    "width": _width,
    "receptive_field": _receptive_field,
}
