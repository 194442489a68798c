"""Small image files that cost a decoder far more time than their bytes say, one kind each."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

from PIL import Image


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A picture as a file."""
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png_chunk(kind: bytes, body: bytes = b"") -> bytes:
    """One chunk of a PNG file, with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg_with_progressive_scans(size: tuple[int, int], number: int) -> bytes:
    """A progressive JPEG whose last scan is repeated: each passes over the whole picture."""
    whole = encoded(Image.new("RGB", size, (90, 120, 30)), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * number + whole[-2:]


def jpeg_with_empty_scans(size: tuple[int, int], number: int) -> bytes:
    """A baseline JPEG of many scans of one component, each without any data: ten bytes a scan."""
    whole = encoded(Image.new("RGB", size, (90, 120, 30)), "JPEG", subsampling=0)
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    return whole[: whole.index(b"\xff\xda")] + scan * number + b"\xff\xd9"


def jpeg_with_exif_blocks(size: tuple[int, int], number: int) -> bytes:
    """A JPEG whose EXIF comes in many pieces, which are joined one after the other."""
    whole = encoded(Image.new("RGB", size), "JPEG")
    block = b"\xff\xe1\x00\x10Exif\0\0" + b"12345678"
    return whole[:2] + block * number + whole[2:]


def jpeg_with_fill_bytes(size: tuple[int, int], number: int) -> bytes:
    """A JPEG with padding before its second marker, which is read byte by byte."""
    whole = encoded(Image.new("RGB", size), "JPEG")
    return whole[:2] + b"\xff" * number + whole[2:]


def png_with_chunks(size: tuple[int, int], number: int) -> bytes:
    """A PNG of many empty chunks before its pixels."""
    whole = encoded(Image.new("RGB", size))
    start = whole.index(b"IDAT") - 4
    return whole[:start] + png_chunk(b"abCd") * number + whole[start:]


def png_with_late_chunks(size: tuple[int, int], number: int) -> bytes:
    """The same, after its pixels."""
    whole = encoded(Image.new("RGB", size))
    end = whole.index(b"IEND") - 4
    return whole[:end] + png_chunk(b"abCd") * number + whole[end:]


def gif_with_comments(size: tuple[int, int], number: int) -> bytes:
    """A GIF of many comments of one byte."""
    whole = encoded(Image.new("P", size), "GIF")
    start = whole.index(b",\0\0\0\0")
    return whole[:start] + b"\x21\xfe\x01x\0" * number + whole[start:]


def bmp_with_short_runs(size: tuple[int, int], number: int) -> bytes:
    """A run-length encoded BMP of ``number`` runs of one pixel, decoded in plain Python."""
    del size
    width = height = int(number**0.5)
    rows = (b"\1\5" * width + b"\0\0") * height + b"\0\1"
    palette = b"".join(bytes([grey, grey, grey, 0]) for grey in range(256))
    offset = 14 + 40 + len(palette)
    head = struct.pack("<2sIHHI", b"BM", offset + len(rows), 0, 0, offset)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(rows), 0, 0, 256, 0)
    return head + info + palette + rows


SlowFile = Callable[[tuple[int, int], int], bytes]

MANY: list[tuple[SlowFile, int]] = [
    (jpeg_with_progressive_scans, 2_000),
    (jpeg_with_empty_scans, 5_000),
    (jpeg_with_exif_blocks, 300_000),
    (jpeg_with_fill_bytes, 5_000_000),
    (png_with_chunks, 500_000),
    (png_with_late_chunks, 500_000),
    (gif_with_comments, 3_000_000),
    (bmp_with_short_runs, 6_000_000),
]
"""Each kind, and a number at which it takes a second at the very least where nothing stops it."""
