"""The client's verbs about data sets: what is here, what can be fetched, and fetching it."""

from __future__ import annotations

import subprocess
import time

from core.client.lab import Lab
from core.client.samples import Sample, validation_samples
from core.datasets import catalog
from core.datasets.catalog import DatasetInfo
from core.datasets.status import DatasetState, DatasetStatus, status, statuses
from core.errors import DatasetUnavailable
from core.spec import parse

_START_TIMEOUT_S = 15.0
_UNDER_WAY = (DatasetState.PREPARING, DatasetState.READY)


class Datasets:
    """Data sets and where each of them stands."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def get(self, name: str) -> DatasetStatus:
        """One data set. Raises UnknownDataset."""
        return status(name, self._lab.settings)

    def info(self, name: str) -> DatasetInfo:
        """Shape, classes, sizes and licence of a data set. Raises UnknownDataset."""
        return catalog.info(name)

    def prepare(self, name: str) -> None:
        """Fetch and decode a data set in a process of its own; `get` shows its progress.

        Returns as soon as that process reports. Does nothing when the set is ready or under
        way. Raises UnknownDataset, or DatasetUnavailable when there is nothing to prepare from.
        """
        found = self.get(name)
        if found.state in _UNDER_WAY:
            return
        if found.state is DatasetState.MISSING:
            raise DatasetUnavailable(found.sentence)
        from core.client.processes import start_job

        self._lab.settings.cache.mkdir(parents=True, exist_ok=True)
        log = self._lab.settings.cache / f".{name}.log"
        process = start_job("core.datasets.prepare", name, settings=self._lab.settings, log=log)
        self._await_report(name, process)

    def validation_samples(self, run_id: str, count: int = 8, *, seed: int = 0) -> list[Sample]:
        """Images that a run was validated on and never trained on; another seed, others.

        Never test images: a look at those is a decision. Raises RunNotFound, DatasetUnavailable
        when the data set is not decoded, or DatasetCorrupt.
        """
        data = parse(self._lab.store.runs.get(run_id).config).data
        return validation_samples(data, self._lab.settings, count, seed)

    def _await_report(self, name: str, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < give_up_at:
            if self.get(name).state in _UNDER_WAY:
                return
            time.sleep(0.02)

    def list(self) -> list[DatasetStatus]:
        """Every data set and how near it is."""
        return statuses(self._lab.settings)
