"""Data sets: what there is, where it is, and its images decoded and mapped into memory.

`load` is the one door for whoever trains. The catalogue, the status and the progress are
light; nothing here loads Keras before images must be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.datasets.catalog import DATASETS, DatasetInfo

if TYPE_CHECKING:
    from core.datasets.opened import OpenedDataset
    from core.datasets.progress import ProgressListener
    from core.settings import Settings

__all__ = ["DATASETS", "DatasetInfo", "load"]


def load(
    name: str,
    settings: Settings,
    progress: ProgressListener | None = None,
    catalogue: Mapping[str, DatasetInfo] = DATASETS,
) -> OpenedDataset:
    """Open a data set, decoding or fetching it first when that was not done yet.

    Raises UnknownDataset, DatasetUnavailable (one sentence that says what to put where) or
    DatasetCorrupt.
    """
    # Imported here: the catalogue above must stay importable without NumPy and Pillow.
    from core.datasets.opened import open_dataset, open_folder
    from core.datasets.prepare import prepare
    from core.errors import DatasetUnavailable

    try:
        return open_dataset(name, settings, catalogue)
    except DatasetUnavailable:
        prepared = prepare(name, settings, progress, catalogue)
    return open_folder(catalogue[name], prepared.folder, prepared.manifest)
