"""One image file: exact where it can be, refused where it cannot."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.datasets.catalog import DatasetInfo
from core.datasets.loaders.images import FORMATS, MAX_DECODE_S, decode_image
from core.errors import DatasetCorrupt
from tests.core.pictures.slow_files import MANY, SlowFile, png_with_chunks


@pytest.mark.parametrize("image_format", FORMATS)
@examples(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), data=st.binary(min_size=1, max_size=6))
def test_a_damaged_image_is_refused_or_decoded_to_its_shape(
    image_format: str,
    place: float,
    data: bytes,
    shapes: DatasetInfo,
    encode: Callable[..., bytes],
) -> None:
    whole = encode(np.arange(90, dtype=np.uint8).reshape(6, 5, 3), image_format)
    start = int(place * len(whole))
    damaged = whole[:start] + data + whole[start + len(data) :]
    try:
        pixels = decode_image(shapes, "x", damaged)
    except DatasetCorrupt:
        return
    assert pixels.shape == shapes.image_shape
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize(("slow_file", "number"), MANY)
def test_an_image_that_decodes_for_long_is_refused_by_name(
    slow_file: SlowFile, number: int, shapes: DatasetInfo
) -> None:
    content = slow_file((5, 6), number)
    started = time.thread_time()
    try:
        # Scans of so few pixels are quick, and a BMP of so many runs has another size.
        assert decode_image(shapes, "slow.img", content).shape == shapes.image_shape
    except DatasetCorrupt as error:
        assert "'slow.img'" in str(error)
    assert time.thread_time() - started < MAX_DECODE_S + 1


def test_what_is_too_slow_is_named_with_the_limit(shapes: DatasetInfo) -> None:
    with pytest.raises(DatasetCorrupt, match=r"'slow\.png' takes more than 1 s to decode"):
        decode_image(shapes, "slow.png", png_with_chunks((5, 6), 1_000_000))


def test_jpeg_is_decoded_nearly(shapes: DatasetInfo, encode: Callable[..., bytes]) -> None:
    grey = np.full((6, 5, 3), 120, np.uint8)
    assert np.abs(decode_image(shapes, "x", encode(grey, "JPEG")).astype(int) - 120).max() <= 2


def test_transparency_is_dropped_not_refused(
    shapes: DatasetInfo, encode: Callable[..., bytes]
) -> None:
    pixels = np.arange(120, dtype=np.uint8).reshape(6, 5, 4)
    assert np.array_equal(decode_image(shapes, "x", encode(pixels)), pixels[..., :3])
