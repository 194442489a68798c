"""Batches of memory-mapped images, in an order that seed and epoch decide, as engines take them.

Keras hands a PyDataset to TensorFlow one batch at a time through a Python call (0.4 ms each,
measured: 8 % of a step of a tiny model). With sixteen batches per call the cost is not measurable,
and the images stay memory-mapped all the same. The other engines take the PyDataset as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Self

import keras
import numpy as np
from numpy.typing import NDArray

from core.training.augmentation import Augmenter

BATCHES_PER_CALL = 16
READ_AHEAD = 2
"""Batches kept ready while one is trained on."""


class Batches(keras.utils.PyDataset):
    """Images (B, H, W, C) uint8 with labels (B,) int32, or (B, classes) float32 one-hot.

    ``indices`` are the positions of the images to use; one batch at a time is copied. The order
    of an epoch is a function of (seed, epoch) alone, so that a resumed run trains on its images
    in the order of the uninterrupted one. ``seed=None`` keeps the order. ``augmenter`` augments
    each batch.
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
        augmenter: Augmenter | None = None,
    ) -> None:
        # No workers of its own: the engine reads ahead, and order must not depend on threads.
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=1)
        self._images = images
        self._indices = indices
        self._labels = _targets(labels, one_hot)
        self.batch_size = batch_size
        self._seed = seed
        self._augmenter = augmenter
        self._epoch = 0
        self.order = indices

    @property
    def indices(self) -> NDArray[np.int64]:
        """Positions of the images, in the order of the split."""
        return self._indices

    @property
    def num_images(self) -> int:
        """Images per epoch."""
        return len(self._indices)

    @property
    def num_batches(self) -> int:
        """Batches per epoch; the last may be smaller."""
        return -(-len(self._indices) // self.batch_size)

    def begin(self, epoch: int) -> None:
        """Order the images for this epoch (from 0)."""
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
        """Batches ``first`` to ``stop`` of the current order, concatenated and augmented."""
        size = self.batch_size
        images, targets = self.take(self.order[first * size : stop * size])
        if self._augmenter is None:
            return images, targets
        # Batch by batch: each has its own random generator, so the span does not change the result.
        augmented = [
            self._augmenter.augment(
                images[start : start + size],
                targets[start : start + size],
                epoch=self._epoch,
                batch=first + start // size,
            )
            for start in range(0, len(images), size)
        ]
        return (
            np.concatenate([each for each, _ in augmented]),
            np.concatenate([each for _, each in augmented]),
        )

    def take(self, chosen: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        """Copies of the images and targets at these positions, not augmented."""
        return self._images[chosen], self._labels[chosen]


def feed(batches: Batches, engine: str) -> Any:
    """What ``fit`` and ``evaluate`` take as ``x``: the same batches in the same order."""
    return _tensorflow_dataset(batches) if engine == "tensorflow" else batches


def _tensorflow_dataset(batches: Batches) -> Any:
    import tensorflow as tf

    images, targets = batches[0]
    signature = (
        tf.TensorSpec((None, None, *images.shape[1:]), images.dtype),
        tf.TensorSpec((None, None, *targets.shape[1:]), targets.dtype),
    )
    calls = tf.data.Dataset.from_generator(lambda: _read_calls(batches), output_signature=signature)
    single = calls.flat_map(lambda *arrays: tf.data.Dataset.from_tensor_slices(arrays))
    counted = single.apply(tf.data.experimental.assert_cardinality(batches.num_batches))
    return counted.prefetch(READ_AHEAD)


def _read_calls(batches: Batches) -> Iterator[tuple[Any, Any]]:
    """Arrays (n, B, ...) of n whole batches, then the smaller last batch as (1, b, ...)."""
    # A copy, so that its epoch stays the same when the next one begins during the read-ahead.
    batches = copy.copy(batches)
    size = batches.batch_size
    num_whole = batches.num_images // size
    for first in range(0, num_whole, BATCHES_PER_CALL):
        images, targets = batches.span(first, min(first + BATCHES_PER_CALL, num_whole))
        yield _group(images, size), _group(targets, size)
    if num_whole < batches.num_batches:
        images, targets = batches.span(num_whole, num_whole + 1)
        yield images[None], targets[None]


def _group(array: Any, size: int) -> Any:
    return array.reshape(-1, size, *array.shape[1:])


def _targets(labels: NDArray[np.integer], one_hot: int | None) -> NDArray[Any]:
    # Copied into memory, since labels are small and read in random order. 32 bits, as JAX has no
    # 64-bit integers by default.
    plain = np.array(labels, dtype=np.int32)
    return plain if one_hot is None else np.eye(one_hot, dtype=np.float32)[plain]
