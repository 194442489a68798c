"""Curves of one run as Keras names them, an epoch a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.records.runs import Metric

TEST = "test"
_PREFIXES = {"train": "", "validation": "val_"}


def history(metrics: Iterable[Metric]) -> list[dict[str, Any]]:
    """Rows like ``{"epoch": 1, "loss", "accuracy", "val_loss", "val_accuracy", ...}``.

    With seconds of training and images seen so far. Test scores are left out: they belong to
    one epoch that somebody asked about, not to the curve.
    """
    rows: dict[int, dict[str, Any]] = {}
    for metric in metrics:
        if metric.split not in _PREFIXES:
            continue
        row = rows.setdefault(metric.epoch, {"epoch": metric.epoch})
        row[_PREFIXES[metric.split] + metric.name] = metric.value
        row |= {"seconds": metric.seconds, "images": metric.images}
    return [rows[epoch] for epoch in sorted(rows)]


def scores_on_test(metrics: Iterable[Metric]) -> dict[str, Any] | None:
    """Epoch and scores of the last look at the test images; None when nobody looked."""
    scores = [metric for metric in metrics if metric.split == TEST]
    if not scores:
        return None
    return {"epoch": scores[0].epoch} | {metric.name: metric.value for metric in scores}
