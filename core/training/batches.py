"""Batches out of memory-mapped images, in an order that seed and epoch decide."""

from __future__ import annotations

import copy
from typing import Any, Self

import keras
import numpy as np
from numpy.typing import NDArray

from core.training.variation import Variation


class Batches(keras.utils.PyDataset):
    """Images (B, H, W, C) uint8 with labels (B,) int32, or (B, classes) float32 one-hot.

    ``indices`` says which of the mapped images belong; only a batch at a time is copied.
    The order of an epoch is a function of (seed, epoch) alone, so that a resumed run goes
    through its images as the uninterrupted one would have. ``seed=None`` keeps the order.
    ``variation`` augments what is fed, batch by batch.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.integer],
        indices: NDArray[np.int64],
        *,
        batch_size: int,
        seed: int | None,
        one_hot: int | None = None,
        variation: Variation | None = None,
    ) -> None:
        # No workers of its own: the engine reads ahead, and order must not depend on threads.
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=1)
        self._images = images
        self._indices = indices
        self._labels = _targets(labels, one_hot)
        self.batch_size = batch_size
        self._seed = seed
        self._variation = variation
        self._epoch = 0
        self.order = indices

    @property
    def indices(self) -> NDArray[np.int64]:
        """Which of the images belong, in the order of the split."""
        return self._indices

    @property
    def num_images(self) -> int:
        """Images an epoch."""
        return len(self._indices)

    @property
    def num_batches(self) -> int:
        """Batches an epoch; the last may be smaller."""
        return -(-len(self._indices) // self.batch_size)

    def begin(self, epoch: int) -> None:
        """Put the images into the order of this epoch (from 0)."""
        self._epoch = epoch
        if self._seed is not None:
            shuffle = np.random.default_rng((self._seed, epoch)).permutation
            self.order = shuffle(self._indices)

    def of(self, inputs: NDArray[Any]) -> Self:
        """The same batches in the same order, with ``inputs[i]`` for image ``indices[i]``."""
        other = copy.copy(self)
        other._images, other._labels = inputs, self._labels[self._indices]
        other._indices = other.order = np.arange(len(self._indices))
        return other

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        """Batch ``index`` of the current order, augmented."""
        return self.span(index, index + 1)

    def span(self, first: int, stop: int) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        """Batches ``first`` to ``stop`` of the current order end to end, augmented."""
        size = self.batch_size
        images, targets = self.take(self.order[first * size : stop * size])
        if self._variation is None:
            return images, targets
        # Batch by batch, for each draws from a generator of its own, however many are taken.
        varied = [
            self._variation.vary(
                images[start : start + size],
                targets[start : start + size],
                epoch=self._epoch,
                batch=first + start // size,
            )
            for start in range(0, len(images), size)
        ]
        return (
            np.concatenate([each for each, _ in varied]),
            np.concatenate([each for _, each in varied]),
        )

    def take(self, chosen: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        """Copies of the images and targets at these positions, as they are."""
        return self._images[chosen], self._labels[chosen]


def _targets(labels: NDArray[np.integer], one_hot: int | None) -> NDArray[Any]:
    # Out of the mapping and into memory: labels are small and read at random.
    # 32 bits, as JAX knows no others unless told so.
    plain = np.array(labels, dtype=np.int32)
    return plain if one_hot is None else np.eye(one_hot, dtype=np.float32)[plain]
