"""Data sets: which are ready, preparing them, and sample images of them."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from core.client.lab import Lab
from core.datasets import catalog
from core.datasets.catalog import DatasetInfo
from core.datasets.status import DatasetState, DatasetStatus, status, statuses
from core.errors import DatasetUnavailable
from core.spec import Data, parse

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.settings import Settings

_START_TIMEOUT_S = 15.0
_STARTED = (DatasetState.PREPARING, DatasetState.READY)


@dataclass(frozen=True)
class Sample:
    """One image of a data set as a PNG file, and its true class."""

    name: str
    content: bytes
    label: str


class Datasets:
    """The data sets and their states."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def get(self, name: str) -> DatasetStatus:
        """The state of a data set. Raises UnknownDataset."""
        return status(name, self._lab.settings)

    def info(self, name: str) -> DatasetInfo:
        """Shape, classes, sizes and licence of a data set. Raises UnknownDataset."""
        return catalog.info(name)

    def prepare(self, name: str) -> None:
        """Fetch and decode a data set in a process of its own; `get` shows its progress.

        Returns as soon as that process reports. Does nothing when the set is ready or being
        prepared. Raises UnknownDataset, or DatasetUnavailable when it cannot be fetched.
        """
        found = self.get(name)
        if found.state in _STARTED:
            return
        if found.state is DatasetState.MISSING:
            raise DatasetUnavailable(found.sentence)
        self._lab.settings.cache.mkdir(parents=True, exist_ok=True)
        log = self._lab.settings.cache / f".{name}.log"
        process = self._lab.start_job("core.datasets.prepare", name, log=log)
        self._wait_for_report(name, process)

    def validation_samples(self, run_id: str, count: int = 8, *, seed: int = 0) -> list[Sample]:
        """Images that a run is validated on and not trained on; another seed gives others.

        Never test images: to use those is a decision. Raises RunNotFound, DatasetUnavailable
        when the data set is not decoded, or DatasetCorrupt.
        """
        data = parse(self._lab.store.runs.get(run_id).config).data
        return _validation_samples(data, self._lab.settings, count, seed)

    def _wait_for_report(self, name: str, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < give_up_at:
            if self.get(name).state in _STARTED:
                return
            time.sleep(0.02)

    def list(self) -> list[DatasetStatus]:
        """Every data set and its state."""
        return statuses(self._lab.settings)


def _validation_samples(data: Data, settings: Settings, count: int, seed: int) -> list[Sample]:
    # Imported here: the other methods need no NumPy.
    import numpy as np

    from core.datasets.opened import open_dataset
    from core.datasets.split import split_of

    opened = open_dataset(data.dataset, settings)
    indices = split_of(data, opened.train_labels).validation_indices
    rng = np.random.default_rng(seed)
    chosen = rng.choice(indices, size=min(count, len(indices)), replace=False)
    return [
        Sample(
            name=f"{data.dataset}-validation-{index}.png",
            content=_as_png(opened.train_images[index]),
            label=opened.class_names[int(opened.train_labels[index])],
        )
        for index in chosen
    ]


def _as_png(image: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file, "PNG")
    return file.getvalue()
