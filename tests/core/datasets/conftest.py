"""A tiny data set of our own, as a folder or zip of real images."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets.catalog import DatasetInfo, Origin
from core.settings import Settings

SHAPES = DatasetInfo(
    name="shapes",
    title="Shapes",
    description="Noise in two classes.",
    image_shape=(6, 5, 3),
    class_names=("circle", "T-square/top"),
    train_size=8,
    test_size=4,
    source="tests",
    licence="none",
    download_bytes=0,
    origin=Origin.FILES,
)

Members = dict[str, bytes]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Folders of this test alone; the data folder exists and is empty."""
    (tmp_path / "data").mkdir()
    return Settings(
        results=tmp_path / "results",
        data=tmp_path / "data",
        cache=tmp_path / "cache",
        database_url=f"sqlite:///{tmp_path / 'store.sqlite'}",
        config=tmp_path / "config",
    )


@pytest.fixture
def shapes() -> DatasetInfo:
    """Two classes of 6x5 RGB images, one class with a slash in its name."""
    return SHAPES


@pytest.fixture
def catalogue(shapes: DatasetInfo) -> dict[str, DatasetInfo]:
    """A catalogue of that one set."""
    return {shapes.name: shapes}


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """Encode pixels (H, W, C) or (H, W) as an image file; PNG unless told."""

    def encode_pixels(pixels: np.ndarray, image_format: str = "PNG") -> bytes:
        buffer = io.BytesIO()
        options = {"lossless": True} if image_format == "WEBP" else {}
        Image.fromarray(pixels).save(buffer, image_format, **options)
        return buffer.getvalue()

    return encode_pixels


@pytest.fixture
def pixels() -> dict[str, np.ndarray]:
    """The pixels of every image of the tiny set by its name."""
    rng = np.random.default_rng(1)
    return {
        f"{split}/{name}/{number}.png": rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)
        for split, count in (("train", 4), ("test", 2))
        for name in ("circle", "T-square_top")
        for number in range(count)
    }


@pytest.fixture
def members(pixels: dict[str, np.ndarray], encode: Callable[..., bytes]) -> Members:
    """The tiny set's files."""
    return {name: encode(image) for name, image in pixels.items()}


@pytest.fixture
def put_zip(settings: Settings) -> Callable[[Members], Path]:
    """Write a zip named after the tiny set into the data folder."""

    def put(members: Members) -> Path:
        path = settings.data / "shapes.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return path

    return put


@pytest.fixture
def nothing_is_left(settings: Settings) -> Iterator[None]:
    """After the test no image, no array and no unfinished folder lies in the cache."""
    yield
    left = {path.name for path in settings.cache.rglob("*")}
    assert left <= {".shapes.lock", ".shapes.progress.json"}
