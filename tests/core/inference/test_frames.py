"""Frames: what goes in comes out, and what is no frame is refused."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest

from core.inference.frames import ConnectionEnded, read_frame, write_frame


@pytest.mark.parametrize("array", [None, np.arange(24, dtype=np.uint8).reshape(2, 3, 4, 1)])
def test_a_frame_comes_back_as_it_was_sent(array: np.ndarray | None) -> None:
    pipe = BytesIO()
    write_frame(pipe, {"run_id": "a", "nested": {"x": [1, None]}}, array)
    write_frame(pipe, {"next": 1})
    pipe.seek(0)
    header, received = read_frame(pipe)
    assert header == {"run_id": "a", "nested": {"x": [1, None]}}
    if array is None:
        assert received is None
    else:
        assert received is not None
        assert received.dtype == array.dtype
        assert np.array_equal(received, array)
    assert read_frame(pipe) == ({"next": 1}, None)
    with pytest.raises(ConnectionEnded):
        read_frame(pipe)


def test_a_pipe_that_ends_within_a_frame_is_an_end() -> None:
    pipe = BytesIO()
    write_frame(pipe, {"a": 1}, np.zeros(100))
    with pytest.raises(ConnectionEnded):
        read_frame(BytesIO(pipe.getvalue()[:-1]))


def test_a_length_that_no_header_has_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match="header"):
        read_frame(BytesIO(struct.pack(">I", 2**31)))


def test_a_pickled_array_is_never_opened() -> None:
    body = BytesIO()
    np.save(body, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    text = b'{"array_bytes": %d}' % len(body.getvalue())
    frame = struct.pack(">I", len(text)) + text + body.getvalue()
    with pytest.raises(ValueError, match="pickle"):
        read_frame(BytesIO(frame))
