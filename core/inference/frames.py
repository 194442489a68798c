"""Messages between the dashboard and its Keras process: JSON, and at most one array.

A frame is four bytes of length, that many bytes of JSON, and, if the JSON gives its size, an
array as raw `.npy`. Nothing is pickled in either direction.
"""

from __future__ import annotations

import json
import struct
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_LENGTH = struct.Struct(">I")
_ARRAY_BYTES = "array_bytes"
_MAX_HEADER = 16 * 1024 * 1024


class ConnectionEnded(Exception):
    """The other side closed the pipe, between two frames or within one."""


def write_frame(pipe: BinaryIO, header: dict[str, Any], array: NDArray[Any] | None = None) -> None:
    """Send one frame. Raises BrokenPipeError when the other side is gone."""
    body = b"" if array is None else _npy(array)
    text = json.dumps(header | {_ARRAY_BYTES: len(body)}).encode()
    pipe.write(_LENGTH.pack(len(text)) + text)
    pipe.write(body)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> tuple[dict[str, Any], NDArray[Any] | None]:
    """Receive one frame. Raises ConnectionEnded at the end, ValueError for malformed bytes."""
    (length,) = _LENGTH.unpack(_read_exactly(pipe, _LENGTH.size))
    if length > _MAX_HEADER:
        raise ValueError(f"A frame's header has {length} bytes. Expected at most {_MAX_HEADER}.")
    header: dict[str, Any] = json.loads(_read_exactly(pipe, length))
    num_bytes = int(header.pop(_ARRAY_BYTES))
    if num_bytes == 0:
        return header, None
    array: NDArray[Any] = np.load(BytesIO(_read_exactly(pipe, num_bytes)), allow_pickle=False)
    return header, array


def _npy(array: NDArray[Any]) -> bytes:
    file = BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _read_exactly(pipe: BinaryIO, num_bytes: int) -> bytes:
    parts = []
    while num_bytes > 0:
        part = pipe.read(num_bytes)
        if not part:
            raise ConnectionEnded
        parts.append(part)
        num_bytes -= len(part)
    return b"".join(parts)
