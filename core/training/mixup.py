"""Mixup and CutMix: two images of a batch become one, and so do their labels.

Both follow their authors' code: one share a batch, and partners by a permutation of the batch.
Pixels stay uint8, so that what is fed takes no more memory than the images themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Targets = NDArray[np.floating[Any]]

# With shares in 256ths, pixels mix in whole numbers, at several times the speed of floats.
_PARTS = 256


def mixup(
    images: Pixels, targets: Targets, alpha: float, rng: np.random.Generator
) -> tuple[Pixels, Targets]:
    """Blend images (B, H, W, C) and targets (B, classes) with others of their batch.

    Every pixel and every target is ``share`` of its own and the rest of its partner's, with
    share ~ Beta(alpha, alpha). Zhang et al., arXiv 1710.09412.
    """
    own = round(rng.beta(alpha, alpha) * _PARTS)
    partners = rng.permutation(len(images))
    wide = images.astype(np.uint16)
    wide *= np.uint16(own)
    # The half rounds; 255 * 256 + 128 still fits 16 bits.
    wide += images[partners] * np.uint16(_PARTS - own) + np.uint16(_PARTS // 2)
    return (wide >> 8).astype(np.uint8), _shared(targets, partners, own / _PARTS)


def cutmix(
    images: Pixels, targets: Targets, alpha: float, rng: np.random.Generator
) -> tuple[Pixels, Targets]:
    """Paste the same rectangle of another image of the batch into each.

    Its sides are the image's times sqrt(1 - share), with share ~ Beta(alpha, alpha), its centre
    is anywhere; what lies beyond the border is cut off, and targets (B, classes) are shared out
    by the area that is left. Yun et al., arXiv 1905.04899.
    """
    _, height, width, _ = images.shape
    share = rng.beta(alpha, alpha)
    rows = _stretch(height, share, rng)
    columns = _stretch(width, share, rng)
    partners = rng.permutation(len(images))
    mixed = images.copy()
    mixed[:, rows, columns] = images[partners, rows, columns]
    pasted = (rows.stop - rows.start) * (columns.stop - columns.start)
    return mixed, _shared(targets, partners, 1.0 - pasted / (height * width))


def _stretch(side: int, share: float, rng: np.random.Generator) -> slice:
    half = int(side * np.sqrt(1.0 - share)) // 2
    centre = int(rng.integers(side))
    return slice(max(centre - half, 0), min(centre + half, side))


def _shared(targets: Targets, partners: NDArray[np.int64], own: float) -> Targets:
    mixed: Targets = own * targets + (1.0 - own) * targets[partners]
    return mixed.astype(targets.dtype)
