"""Decode image files, after checking format, size and mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from PIL import Image

from core.datasets.catalog import DatasetInfo
from core.datasets.loaders.decoded_source import BATCH, DecodedSource, DecodedSplit, Images
from core.datasets.loaders.layout import Listing
from core.errors import DatasetCorrupt, DecodingTooSlow
from core.pictures.timed_file import open_image

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
"""Formats that are decoded. Pillow has many more, whose rarely used decoders are a risk."""

MAX_DECODE_S = 1.0
"""Limit of processor time per image. Images here have at most 32 x 32 pixels, which take a
ten-thousandth of that."""

# 8-bit and palette modes convert to grey or RGB without clipping; others do not.
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")

ReadBytes = Callable[[str], bytes]


def decode_listing(info: DatasetInfo, listing: Listing, read: ReadBytes) -> DecodedSource:
    """Both splits of a listing, decoded batch by batch."""
    return DecodedSource(_split(info, listing.train, read), _split(info, listing.test, read))


def decode_image(info: DatasetInfo, name: str, data: bytes) -> Images:
    """Pixels (H, W, C) of one file. Raises DatasetCorrupt, which names the file and the reason."""
    height, width, channels = info.image_shape
    try:
        with open_image(data, FORMATS, MAX_DECODE_S) as image:
            # The size is in the header: a decompression bomb is refused before it is decoded.
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
