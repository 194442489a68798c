"""One image file's bytes to pixels, with everything about it checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from PIL import Image

from core.datasets.catalog import DatasetInfo
from core.datasets.loaders.decoded import BATCH, DecodedSource, DecodedSplit, Images
from core.datasets.loaders.layout import Listing
from core.errors import DatasetCorrupt, DecodingTooSlow
from core.pictures.timed_file import open_image

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
"""Formats that are decoded; Pillow knows many more, some of them seldom tried by attackers'
victims and often by attackers."""

MAX_DECODE_S = 1.0
"""Of processor time, for one image. Sets here have images of at most 32 x 32 pixels, which take a
ten-thousandth of that."""

# 8-bit and palette modes convert to grey or RGB without loss of range; others would clip.
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")

ReadBytes = Callable[[str], bytes]


def decode_listing(info: DatasetInfo, listing: Listing, read: ReadBytes) -> DecodedSource:
    """Both splits of a listing, decoded batch by batch as they are asked for."""
    return DecodedSource(_split(info, listing.train, read), _split(info, listing.test, read))


def decode_image(info: DatasetInfo, name: str, data: bytes) -> Images:
    """Pixels (H, W, C) of one file; DatasetCorrupt names the member and what is wrong."""
    height, width, channels = info.image_shape
    try:
        with open_image(data, FORMATS, MAX_DECODE_S) as image:
            # Size comes from the header: a bomb is refused before a pixel is decoded.
            if image.size != (width, height):
                raise DatasetCorrupt(
                    f"{name!r} is {image.width}x{image.height} pixels; "
                    f"{info.title} needs {width}x{height}."
                )
            if image.mode not in _MODES or getattr(image, "is_animated", False):
                raise DatasetCorrupt(f"{name!r} is not a plain 8-bit image ({image.mode}).")
            wanted = "RGB" if channels == 3 else "L"
            pixels = np.asarray(image if image.mode == wanted else image.convert(wanted))
    except DecodingTooSlow as error:
        raise DatasetCorrupt(f"{name!r} {error}; replace it by an ordinary image.") from error
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        expected = ", ".join(FORMATS)
        raise DatasetCorrupt(
            f"{name!r} is not an image that can be decoded; expected one of {expected}."
        ) from error
    return pixels.reshape(info.image_shape)


def _split(info: DatasetInfo, members: Sequence[tuple[str, int]], read: ReadBytes) -> DecodedSplit:
    def batches() -> Iterator[Images]:
        for start in range(0, len(members), BATCH):
            part = members[start : start + BATCH]
            yield np.stack([decode_image(info, name, read(name)) for name, _ in part])

    return DecodedSplit(np.array([label for _, label in members], dtype=np.int64), batches)
