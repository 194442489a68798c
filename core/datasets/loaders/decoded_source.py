"""What every loader returns: all labels, and images in batches, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

BATCH = 1000
"""Images per batch: 3 MB of 32x32 RGB, little memory, and few writes."""


@dataclass(frozen=True)
class DecodedSplit:
    """One split. ``labels`` is (N,); ``batches()`` yields (n, H, W, C) arrays, N in all."""

    labels: Labels
    batches: Callable[[], Iterator[Images]]


@dataclass(frozen=True)
class DecodedSource:
    """Both splits of a source."""

    train: DecodedSplit
    test: DecodedSplit


def split_of(images: Images, labels: NDArray[np.integer]) -> DecodedSplit:
    """A split from arrays in memory: images (N, H, W, C), labels (N,) or (N, 1)."""

    def batches() -> Iterator[Images]:
        for start in range(0, len(images), BATCH):
            yield images[start : start + BATCH]

    return DecodedSplit(labels.reshape(-1).astype(np.int64), batches)
