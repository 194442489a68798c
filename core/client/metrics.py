"""Curves and scores of runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.client.lab import Lab
from core.errors import RunStateError
from core.records.runs import Metric

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "run_id": "object",
    "epoch": "int64",
    "split": "object",
    "name": "object",
    "value": "float64",
    "seconds": "float64",
    "images": "int64",
}
"""Columns of a metrics frame and their types."""

_TEST = "test"
_PREFIXES = {"train": "", "validation": "val_"}
"""What Keras puts before a metric's name, by split."""


class Metrics:
    """Curves and scores of runs. Each method takes a unique start of a run's id."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def frame(self, run_ids: Sequence[str]) -> pd.DataFrame:
        """A long frame: run_id, epoch, split, name, value, seconds, images. Raises RunNotFound."""
        return metrics_frame(
            self._lab.store.metrics.columns(self._lab.store.runs.find_ids(run_ids))
        )

    def last(self) -> dict[str, dict[str, float]]:
        """The last finished epoch of every run, by run id and ``split name``; no test scores."""
        return self._lab.store.metrics.last()

    def history(self, run_id: str) -> list[dict[str, Any]]:
        """One row per epoch, with the names of Keras: epoch, loss, accuracy, val_loss, ...

        And the seconds of training and the number of images until then.
        """
        return _history(self._lab.store.metrics.list([self._lab.store.runs.get(run_id).id]))

    def test_scores(self, run_id: str) -> dict[str, Any] | None:
        """Epoch and scores of the last evaluation on the test set; None when there was none."""
        return _test_scores(self._lab.store.metrics.list([self._lab.store.runs.get(run_id).id]))

    def evaluate_on_test(self, run_id: str) -> None:
        """Evaluate a run's best model on the test set, in a process of its own.

        The evaluation is recorded in the run's events. Raises RunStateError before the first epoch.
        """
        run = self._lab.store.runs.get(run_id)
        if run.best is None:
            raise RunStateError("The run has no finished epoch yet: there is nothing to test.")
        folder = self._lab.settings.run_folder(run.id)
        if not folder.is_dir():
            raise RunStateError(f"The run's files are gone ({folder}): no model can be tested.")
        self._lab.start_job("core.jobs.evaluate", "--run", run.id, log=folder / "test.log")


def metrics_frame(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """One row per value, in the order given. The types are the same without any row."""
    # Imported here: pandas takes a third of a second, and only curves need it.
    import pandas as pd

    return pd.DataFrame({name: columns[name] for name in COLUMNS}).astype(COLUMNS)


def _history(metrics: Iterable[Metric]) -> list[dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    for metric in metrics:
        # Test scores belong to the one epoch that was evaluated, not to the curve.
        if metric.split not in _PREFIXES:
            continue
        row = rows.setdefault(metric.epoch, {"epoch": metric.epoch})
        row[_PREFIXES[metric.split] + metric.name] = metric.value
        row |= {"seconds": metric.seconds, "images": metric.images}
    return [rows[epoch] for epoch in sorted(rows)]


def _test_scores(metrics: Iterable[Metric]) -> dict[str, Any] | None:
    scores = [metric for metric in metrics if metric.split == _TEST]
    if not scores:
        return None
    return {"epoch": scores[0].epoch} | {metric.name: metric.value for metric in scores}
