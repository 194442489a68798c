"""Curves and scores of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.client.frames import metrics_frame
from core.client.histories import history, scores_on_test
from core.client.lab import Lab
from core.errors import RunStateError

if TYPE_CHECKING:
    import pandas as pd


class Metrics:
    """Curves and scores of runs. Each verb takes a unique start of a run's id."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def frame(self, run_ids: Sequence[str]) -> pd.DataFrame:
        """A long frame: run_id, epoch, split, name, value, seconds, images. RunNotFound."""
        return metrics_frame(
            self._lab.store.metrics.columns(self._lab.store.runs.find_ids(run_ids))
        )

    def last(self) -> dict[str, dict[str, float]]:
        """The last finished epoch of every run, by run id and ``split name``; no test scores."""
        return self._lab.store.metrics.last()

    def history(self, run_id: str) -> list[dict[str, Any]]:
        """One row an epoch under Keras' names: epoch, loss, accuracy, val_loss, ..."""
        return history(self._lab.store.metrics.list([self._lab.store.runs.get(run_id).id]))

    def test_scores(self, run_id: str) -> dict[str, Any] | None:
        """What the last look at the test images gave, and of which epoch; None without one."""
        return scores_on_test(self._lab.store.metrics.list([self._lab.store.runs.get(run_id).id]))

    def evaluate_on_test(self, run_id: str) -> None:
        """Score a run's best network on the test images, on purpose, in a process of its own.

        The look is recorded in the run's events. Raises RunStateError before a first epoch.
        """
        from core.client.processes import start_job

        run = self._lab.store.runs.get(run_id)
        if run.best is None:
            raise RunStateError("The run has no finished epoch yet: there is nothing to test.")
        folder = self._lab.settings.run_folder(run.id)
        if not folder.is_dir():
            raise RunStateError(f"The run's files are gone ({folder}): no network can be tested.")
        log = folder / "test.log"
        start_job("core.jobs.evaluate", "--run", run.id, settings=self._lab.settings, log=log)
