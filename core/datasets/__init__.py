"""Data sets: the catalogue, their sources, and their images decoded and mapped into memory.

Trainers use `load`. The catalogue, the status and the progress are light; Keras is loaded only to
read images.
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
    """Open a data set; decode it first, and download it, if necessary.

    Raises UnknownDataset, DatasetUnavailable (its message says which file to put where) or
    DatasetCorrupt.
    """
    # Imported here, so that the catalogue can be imported without NumPy and Pillow.
    from core.datasets.opened import open_dataset, open_folder
    from core.datasets.prepare import prepare
    from core.errors import DatasetUnavailable

    try:
        return open_dataset(name, settings, catalogue)
    except DatasetUnavailable:
        prepared = prepare(name, settings, progress, catalogue)
    return open_folder(catalogue[name], prepared.folder, prepared.manifest)
