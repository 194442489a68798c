"""Reads images of users: decodes them to RGB pixels, or refuses them with a reason.

Formats are an allow-list of what browsers and cameras make. TIFF, PSD, EPS and the many others
that Pillow knows are left out: each is one more decoder that a hostile file could attack.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import DecodingTooSlow, ImageRefused, PredictionUnavailable
from core.pictures.timed_file import open_image

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 40_000_000
"""More than any phone's camera makes, and 160 MB once decoded."""
MAX_SIDE = 32_768
"""Twice a phone's widest panorama, and more than a screenshot of a long page. Decoders spend time
and memory per row: an image of 1 x 39,999,999 pixels takes 12 s, one of 1 x 32,768 none."""
MAX_DECODE_S = 5.0
"""Of processor time. The slowest ordinary image of 40 million pixels takes a second or two."""

_KEPT_SIDE = 1024
"""A larger image is reduced to about this side: no model here takes more."""

_MALFORMED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
    zlib.error,
    ArithmeticError,
    MemoryError,
    Image.DecompressionBombError,
)
"""Errors that Pillow's decoders raise for malformed files."""

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to the transposition that makes the image upright."""

Pixels = NDArray[np.uint8]


def read_image(content: bytes, name: str, *, limit_s: float = MAX_DECODE_S) -> Pixels:
    """Decode one image to RGB, uint8 (H, W, 3), upright, transparency over white.

    The first frame of an animation is used. Sides far beyond 1024 pixels are reduced while
    decoding. Raises ImageRefused with a sentence that names the image, and its subclass
    DecodingTooSlow when decoding takes more than ``limit_s`` seconds of processor time.
    """
    shown = _shown(name)
    _check_bytes(content, shown)
    try:
        return _pixels(_open(content, shown, limit_s), shown)
    except DecodingTooSlow as error:
        raise DecodingTooSlow(
            f"{shown} {error}. Open it in an image editor and save it again."
        ) from error


def _pixels(opened: Image.Image, shown: str) -> Pixels:
    try:
        upright = _upright(_decoded(opened))
        return np.asarray(_bounded(_on_white(upright)), dtype=np.uint8)
    except _MALFORMED as error:
        raise ImageRefused(
            f"{shown} is damaged or incomplete: it cannot be decoded in full."
        ) from error


def as_model_input(image: Pixels, shape: tuple[int, int, int]) -> Pixels:
    """Resize an image, uint8 (H, W, 3), to a model's input ``shape`` (H, W, C), uint8.

    The whole image is resized without keeping its proportions, because a crop could cut away the
    object to recognise. One channel is luminance (ITU-R 601-2). An image of the same shape stays
    unchanged. Raises PredictionUnavailable if the model takes neither one nor three channels.
    """
    height, width, channels = shape
    if channels not in (1, 3):
        raise PredictionUnavailable(
            f"The model takes images of {channels} channels. An image file gives 1 or 3."
        )
    resized = Image.fromarray(image)
    if channels == 1:
        resized = resized.convert("L")
    if resized.size != (width, height):
        resized = resized.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.uint8).reshape(height, width, channels)


def _check_bytes(content: bytes, shown: str) -> None:
    if not content:
        raise ImageRefused(f"{shown} is empty.")
    if len(content) > MAX_BYTES:
        raise ImageRefused(
            f"{shown} has {len(content) / 1e6:.0f} MB; at most {MAX_BYTES / 1e6:.0f} MB are read."
        )


def _open(content: bytes, shown: str, limit_s: float) -> Image.Image:
    """Read only the header and check format and size, before any pixel is decoded."""
    try:
        opened = open_image(content, FORMATS, limit_s)
    except Image.DecompressionBombError as error:
        raise ImageRefused(f"{shown} {_TOO_LARGE}.") from error
    except _MALFORMED as error:
        raise ImageRefused(
            f"{shown} is not an image that can be read here. Expected {', '.join(FORMATS)}."
        ) from error
    width, height = opened.size
    if width * height > MAX_PIXELS:
        raise ImageRefused(f"{shown} {_TOO_LARGE}; it has {width} x {height}.")
    if max(width, height) > MAX_SIDE:
        raise ImageRefused(
            f"{shown} is {width} x {height} pixels; a side may have at most {MAX_SIDE}. Crop it."
        )
    return opened


_TOO_LARGE = f"has too many pixels: at most {MAX_PIXELS // 1_000_000} million are decoded"


def _decoded(opened: Image.Image) -> Image.Image:
    # JPEG alone can decode to a half, a quarter or an eighth, in that share of time and memory.
    opened.draft("RGB", (_KEPT_SIDE, _KEPT_SIDE))
    opened.load()
    return opened


def _upright(image: Image.Image) -> Image.Image:
    turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    return image if turn is None else image.transpose(turn)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return _from_16_bits(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    # Pillow's own conversion cuts everything above 255 to white.
    levels = np.asarray(image).astype(np.float32)
    return Image.fromarray(np.rint(levels / 257.0).clip(0, 255).astype(np.uint8)).convert("RGB")


def _bounded(image: Image.Image) -> Image.Image:
    factor = max(image.size) // _KEPT_SIDE
    if factor < 2:
        return image
    # A side shorter than the factor stays as it is.
    across, down = (factor if side >= factor else 1 for side in image.size)
    return image.reduce((across, down))


def _shown(name: str) -> str:
    """The name for a sentence: shortened, without control characters."""
    shown = "".join(each if each.isprintable() else "?" for each in name).strip() or "The image"
    return shown if len(shown) <= 80 else f"{shown[:60]}...{shown[-17:]}"
