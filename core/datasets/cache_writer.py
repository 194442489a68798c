"""Write decoded images to disk in batches, and a manifest of their sizes and checksums."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.cache import ARRAYS, MANIFEST, ArrayFile, Manifest
from core.datasets.catalog import DatasetInfo
from core.datasets.loaders.decoded_source import DecodedSource, DecodedSplit
from core.datasets.sources import Source, quick_key
from core.files import sha256_of

CountListener = Callable[[int], None]


def write_arrays(
    decoded: DecodedSource, info: DatasetInfo, folder: Path, on_images: CountListener
) -> ChannelMoments:
    """Write the four arrays of a data set; return the training images' mean and deviation.

    Batches are appended, so that memory holds one batch, and a full disk raises an error; a
    memory-mapped write to a full disk would end the process.
    """
    moments = ChannelMoments(info.image_shape[2])
    num_train = len(decoded.train.labels)

    def on_train(batch: NDArray[np.uint8], done: int) -> None:
        moments.add(batch)
        on_images(done)

    np.save(folder / "train_labels.npy", decoded.train.labels)
    np.save(folder / "test_labels.npy", decoded.test.labels)
    _write_images(decoded.train, info, folder / "train_images.npy", on_train)
    _write_images(
        decoded.test,
        info,
        folder / "test_images.npy",
        lambda _batch, done: on_images(num_train + done),
    )
    return moments


class ChannelMoments:
    """Mean and standard deviation per channel, exact: integer sums of uint8 values."""

    def __init__(self, channels: int) -> None:
        self._count = 0
        self._sum = np.zeros(channels, dtype=np.uint64)
        self._squares = np.zeros(channels, dtype=np.uint64)

    def add(self, images: NDArray[np.uint8]) -> None:
        """Add images (n, H, W, C)."""
        values = images.reshape(-1, images.shape[-1]).astype(np.uint32)
        self._count += len(values)
        self._sum += values.sum(axis=0, dtype=np.uint64)
        self._squares += (values * values).sum(axis=0, dtype=np.uint64)

    def mean(self) -> tuple[float, ...]:
        """Per channel, on the scale 0..1."""
        return tuple(float(value) for value in self._sum / self._count / 255.0)

    def std(self) -> tuple[float, ...]:
        """Per channel, on the scale 0..1; of the population, as CIFAR's published values."""
        variance = self._squares / self._count - (self._sum / self._count) ** 2
        return tuple(float(value) for value in np.sqrt(np.maximum(variance, 0.0)) / 255.0)


def write_manifest(
    info: DatasetInfo,
    source: Source,
    fingerprint: str,
    decoded: DecodedSource,
    moments: ChannelMoments,
    folder: Path,
) -> Manifest:
    """Hash the arrays in ``folder`` and write the manifest."""
    paths = {array: folder / f"{array}.npy" for array in ARRAYS}
    manifest = Manifest(
        name=info.name,
        fingerprint=fingerprint,
        quick_key=quick_key(info, source),
        source=str(source.path or source.kind),
        image_shape=info.image_shape,
        class_names=info.class_names,
        train_size=len(decoded.train.labels),
        test_size=len(decoded.test.labels),
        mean=moments.mean(),
        std=moments.std(),
        files={a: ArrayFile(path.stat().st_size, sha256_of(path)) for a, path in paths.items()},
    )
    (folder / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def _write_images(
    split: DecodedSplit,
    info: DatasetInfo,
    path: Path,
    on_batch: Callable[[NDArray[np.uint8], int], None],
) -> None:
    shape = (len(split.labels), *info.image_shape)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    done = 0
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for batch in split.batches():
            file.write(np.ascontiguousarray(batch).data)
            done += len(batch)
            on_batch(batch, done)
    if done != len(split.labels):
        raise ValueError(f"{info.name}: {done} images for {len(split.labels)} labels")
