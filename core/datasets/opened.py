"""A decoded data set mapped into memory, which processes share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets import catalog, sources
from core.datasets.cache import ARRAYS, Manifest, damaged_files, folder_of, read_manifest
from core.datasets.catalog import DATASETS, DatasetInfo
from core.errors import DatasetCorrupt, DatasetUnavailable
from core.settings import Settings


@dataclass(frozen=True)
class OpenedDataset:
    """Read-only arrays. Images are (N, H, W, C) uint8, labels (N,) int64.

    ``mean`` and ``std`` are per channel of the training images, on the scale 0..1. Images are
    sorted by class: shuffle them before taking a part.
    """

    info: DatasetInfo
    folder: Path
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def name(self) -> str:
        """The data set's name in the catalogue."""
        return self.info.name

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return self.info.image_shape

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    def verify(self) -> None:
        """Compare the sha256 of every file. Raises DatasetCorrupt, which names damaged files."""
        damaged = damaged_files(self.folder)
        if damaged:
            raise _damaged(self.info, self.folder, ", ".join(damaged))


def open_dataset(
    name: str, settings: Settings, catalogue: Mapping[str, DatasetInfo] = DATASETS
) -> OpenedDataset:
    """Map a prepared data set into memory. Raises DatasetUnavailable if it is not prepared."""
    info = catalog.info(name, catalogue)
    try:
        folder = folder_of(info, sources.find(info, settings), settings)
    except OSError as error:
        raise DatasetUnavailable(f"{info.title} cannot be read: {error}") from error
    manifest = read_manifest(folder)
    if manifest is None:
        raise DatasetUnavailable(
            f"{info.title} is not decoded yet: prepare it first (`core.datasets.load` does)."
        )
    return open_folder(info, folder, manifest)


def open_folder(info: DatasetInfo, folder: Path, manifest: Manifest) -> OpenedDataset:
    """Map the arrays of a cache folder into memory, given its manifest."""
    try:
        arrays = {array: _map(folder / f"{array}.npy") for array in ARRAYS}
    except (OSError, ValueError) as error:
        raise _damaged(info, folder, str(error)) from error
    return OpenedDataset(
        info=info,
        folder=folder,
        train_images=arrays["train_images"],
        train_labels=arrays["train_labels"],
        test_images=arrays["test_images"],
        test_labels=arrays["test_labels"],
        class_names=manifest.class_names,
        mean=manifest.mean,
        std=manifest.std,
    )


def _damaged(info: DatasetInfo, folder: Path, what: str) -> DatasetCorrupt:
    return DatasetCorrupt(
        f"The decoded {info.title} in {folder} is damaged ({what}); "
        "delete that folder, and it will be decoded again."
    )


def _map(path: Path) -> NDArray[Any]:
    mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return mapped
