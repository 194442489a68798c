"""Pictures as people bring them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PHOTO_SIZE = (4000, 3000)
"""Twelve megapixels, what a phone takes."""


def photo() -> bytes:
    """A JPEG of twelve megapixels with shapes and noise in it, always the same."""
    rng = np.random.default_rng(1)
    coarse = Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))
    pixels = np.asarray(coarse.resize(PHOTO_SIZE, Image.Resampling.BICUBIC), dtype=np.int16)
    noise = rng.integers(-12, 13, (*pixels.shape[:2], 1), dtype=np.int16)
    return _encoded(np.clip(pixels + noise, 0, 255).astype(np.uint8), "JPEG")


def png(pixels: NDArray[np.uint8]) -> bytes:
    """An image (H, W, C) of a data set as a PNG."""
    return _encoded(pixels.squeeze(), "PNG")


def _encoded(pixels: NDArray[np.uint8], kind: str) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()
