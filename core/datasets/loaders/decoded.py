"""What every loader hands over: labels at once, images in batches, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

BATCH = 1000
"""Images a batch: 3 MB of 32x32 RGB, small beside the interpreter, large beside a write."""


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
    """A split that is in memory already: images (N, H, W, C), labels (N,) or (N, 1)."""

    def batches() -> Iterator[Images]:
        for start in range(0, len(images), BATCH):
            yield images[start : start + BATCH]

    return DecodedSplit(labels.reshape(-1).astype(np.int64), batches)
