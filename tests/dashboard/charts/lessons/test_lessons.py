"""Promise: what a lesson's figure shows is what the method does."""

from __future__ import annotations

import numpy as np
import pytest

from core.client import Client
from core.spec.files import read_preset
from dashboard.charts.lessons import learning_rate, model, regularisation


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_at_each_step_anew_and_nothing_outside_training(
    rate: float,
) -> None:
    figure = regularisation.dropout_masks(rate)
    kept = {trace.uid: len(trace.x) for trace in figure.data}
    whole = kept["kept-3"]
    assert kept["dropped-3"] == 0
    for step in (1, 2):
        assert kept[f"kept-{step}"] + kept[f"dropped-{step}"] == whole
        assert kept[f"dropped-{step}"] / whole == pytest.approx(rate, abs=0.2)
    places = [set(zip(figure.data[n].x, figure.data[n].y, strict=True)) for n in (1, 3)]
    assert places[0] != places[1]


def test_batch_norm_lays_two_batches_over_each_other() -> None:
    figure = regularisation.batch_norm_histograms()
    means = {}
    for trace in figure.data:
        x, y = np.asarray(trace.x), np.asarray(trace.y)
        means[trace.uid] = float((x * y).sum() / y.sum())
    assert abs(means["batch-1-0"] - means["batch-1-1"]) > 1
    assert means["batch-2-0"] == pytest.approx(0, abs=0.1)
    assert means["batch-2-1"] == pytest.approx(0, abs=0.1)
    assert means["batch-3-0"] == pytest.approx(2, abs=0.1)  # beta


def test_l2_overfits_without_and_underfits_with_too_much() -> None:
    training, validation = regularisation.l2_fits().data
    best = int(np.argmin(validation.y))
    assert 0 < best < len(validation.y) - 1
    assert validation.y[0] > 2 * training.y[0]
    # Training error only grows with the penalty: that is what underfitting is.
    assert all(np.diff(training.y) > -1e-6)
    assert training.y[-1] > 2 * training.y[best]


def test_the_right_rate_is_quickest_and_too_large_a_one_climbs() -> None:
    figure = learning_rate.three_rates()
    last = {trace.name: trace.y[-1] for trace in figure.data}
    assert last["about right"] < last["too small"] < figure.data[0].y[0] < last["too large"]


def test_the_receptive_field_never_shrinks_and_the_image_is_a_line() -> None:
    summary = Client().experiments.describe(read_preset("base_cnn").experiment)
    seen, image = model.receptive_field(summary.layers, 32).data
    assert list(seen.y) == sorted(seen.y)
    assert seen.y[-1] == 16
    assert set(image.y) == {32}


def test_the_bars_hold_every_parameter() -> None:
    for name in ("base_cnn", "resnet20", "vgg16_bn"):
        summary = Client().experiments.describe(read_preset(name).experiment)
        [bars] = model.weights_by_layer(summary.layers).data
        assert sum(bars.x) == summary.parameters
        assert len(bars.x) <= 13
    assert model.weights_by_layer(()).layout.annotations
    assert model.receptive_field((), 32).layout.annotations
