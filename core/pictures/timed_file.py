"""A limit on the time that decoding an image file may take.

A few hundred kilobytes can keep a decoder busy for hours: a JPEG may have thousands of scans, each
of which passes over the whole image, and a PNG a million chunks. Limits on bytes and pixels do
not prevent that. Every decoder but WebP's, whose time its pixels bound, reads its file bit by bit.
"""

from __future__ import annotations

import time
from io import BytesIO

from PIL import Image
from PIL.ImageFile import ImageFile

from core.errors import DecodingTooSlow

BLOCK_BYTES = 512
"""Block size of reads: a decoder cannot be interrupted within a block. Fifty empty scans of a JPEG
fit into a block, a third of a second at 40 million pixels; Pillow's 64 kB hold half a minute of
them. A photo takes up to a sixth longer to decode in such blocks."""


class TimedFile(BytesIO):
    """A file in memory whose reader has ``limit_s`` seconds of its thread's processor time.

    Afterwards every read raises DecodingTooSlow. The limit is processor time, so that a busy
    machine makes no difference. Only the thread that created it may read it.
    """

    def __init__(self, content: bytes, limit_s: float) -> None:
        super().__init__(content)
        self._limit_s = limit_s
        self._ends_at = time.thread_time() + limit_s

    def read(self, size: int | None = -1, /) -> bytes:
        """As `BytesIO.read`. Raises DecodingTooSlow when the time is used up."""
        if time.thread_time() > self._ends_at:
            raise DecodingTooSlow(f"takes more than {self._limit_s:g} s to decode")
        return super().read(size)


def open_image(content: bytes, formats: tuple[str, ...], limit_s: float) -> ImageFile:
    """Read an image file's header; pixels are decoded when they are first used.

    Opening and decoding together may take ``limit_s`` seconds of processor time, then they raise
    DecodingTooSlow. Otherwise raises what `PIL.Image.open` does.
    """
    opened = Image.open(TimedFile(content, limit_s), formats=formats)
    opened.decodermaxblock = BLOCK_BYTES
    return opened
