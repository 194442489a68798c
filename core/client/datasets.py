"""The client's verbs about data sets: what is here, what can be fetched, and fetching it."""

from __future__ import annotations

import subprocess
import time

from core.client.base import ClientBase
from core.datasets import catalog
from core.datasets.catalog import DatasetInfo
from core.datasets.status import DatasetState, DatasetStatus, status, statuses
from core.errors import DatasetUnavailable

_START_TIMEOUT_S = 15.0
_UNDER_WAY = (DatasetState.PREPARING, DatasetState.READY)


class DatasetVerbs(ClientBase):
    """Data sets and where each of them stands."""

    def datasets(self) -> list[DatasetStatus]:
        """Every data set and how near it is."""
        return statuses(self.settings)

    def dataset(self, name: str) -> DatasetStatus:
        """One data set. Raises UnknownDataset."""
        return status(name, self.settings)

    def dataset_info(self, name: str) -> DatasetInfo:
        """Shape, classes, sizes and licence of a data set. Raises UnknownDataset."""
        return catalog.info(name)

    def prepare_dataset(self, name: str) -> None:
        """Fetch and decode a data set in a process of its own; `dataset` shows its progress.

        Returns as soon as that process reports. Does nothing when the set is ready or under
        way. Raises UnknownDataset, or DatasetUnavailable when there is nothing to prepare from.
        """
        found = self.dataset(name)
        if found.state in _UNDER_WAY:
            return
        if found.state is DatasetState.MISSING:
            raise DatasetUnavailable(found.sentence)
        from core.client.processes import start_job

        self.settings.cache.mkdir(parents=True, exist_ok=True)
        log = self.settings.cache / f".{name}.log"
        process = start_job("core.datasets.prepare", name, settings=self.settings, log=log)
        self._await_report(name, process)

    def _await_report(self, name: str, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < give_up_at:
            if self.dataset(name).state in _UNDER_WAY:
                return
            time.sleep(0.02)
