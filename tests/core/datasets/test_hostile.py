"""Archives that are broken or made to harm: each is refused in a sentence, nothing is left."""

from __future__ import annotations

import io
import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core import datasets
from core.datasets.catalog import DatasetInfo
from core.datasets.loaders import archive as limits
from core.datasets.progress import PreparePhase, read_progress
from core.errors import DatasetCorrupt
from core.settings import Settings

Members = dict[str, bytes]
PutZip = Callable[[Members], Path]
Catalogue = dict[str, DatasetInfo]

pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture
def refused(settings: Settings, catalogue: Catalogue) -> Callable[[str], None]:
    """Load the tiny set and expect one sentence that matches, also for other processes."""

    def expect(words: str) -> None:
        with pytest.raises(DatasetCorrupt, match=words) as caught:
            datasets.load("shapes", settings, catalogue=catalogue)
        assert "\n" not in str(caught.value)
        told = read_progress("shapes", settings)
        assert told is not None
        assert (told.phase, told.error) == (PreparePhase.FAILED, str(caught.value))

    return expect


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/train/circle/x.png", "absolute or foreign"),
        ("C:/train/circle/x.png", "absolute or foreign"),
        ("train\\circle\\x.png", "absolute or foreign"),
        ("../train/circle/x.png", "leaves its folder"),
        ("train/circle/../../../x.png", "leaves its folder"),
        ("train//x.png", "leaves its folder"),
        ("train/square/x.png", "no class 'square'"),
        ("train/circle/deep/x.png", "expected train/<class>"),
        ("validation/circle/x.png", "expected train/<class>"),
    ],
)
def test_a_path_that_does_not_belong(
    name: str, words: str, members: Members, put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    put_zip(members | {name: members["train/circle/0.png"]})
    refused(words)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_class_without_images(
    split: str, members: Members, put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    put_zip({n: d for n, d in members.items() if not n.startswith(f"{split}/circle/")})
    refused(f"no images for {split}/circle")


def test_a_duplicate(members: Members, put_zip: PutZip, refused: Callable[[str], None]) -> None:
    path = put_zip(members)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("train/circle/0.png", members["train/circle/0.png"])
    refused("'train/circle/0.png' is in it twice")


def test_a_link(members: Members, put_zip: PutZip, refused: Callable[[str], None]) -> None:
    path = put_zip(members)
    link = zipfile.ZipInfo("train/circle/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    refused("is a link")


def test_an_encrypted_member(
    members: Members, put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    path = put_zip(members)
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, directory + 8, 0x1)
    path.write_bytes(data)
    refused("is encrypted")


def test_a_packing_that_can_eat_all_memory(
    members: Members, settings: Settings, refused: Callable[[str], None], put_zip: PutZip
) -> None:
    path = put_zip(members)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("train/circle/x.png", b"x")
    refused("stored or deflated")


def test_a_member_too_large(
    members: Members, put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    put_zip(members | {"train/circle/x.png": os.urandom(limits.MAX_MEMBER_BYTES + 1)})
    refused("unpacks to more than 1048576 bytes")


def test_a_bomb(members: Members, put_zip: PutZip, refused: Callable[[str], None]) -> None:
    put_zip(members | {"train/circle/x.png": bytes(limits.MAX_MEMBER_BYTES)})
    refused("more than 200 times")


def test_a_bomb_that_lies_about_its_size(
    members: Members, put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    path = put_zip(members | {"train/circle/0.png": bytes(limits.MAX_MEMBER_BYTES)})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(mark) + offset, 100)
    path.write_bytes(data)
    refused("not a whole zip|not an image")


def test_too_many_files(
    members: Members,
    put_zip: PutZip,
    refused: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_MEMBERS", 11)
    put_zip(members)
    refused("holds 12 files; the limit is 11")


def test_too_much_in_all(
    members: Members,
    put_zip: PutZip,
    refused: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_TOTAL_BYTES", 1000)
    put_zip(members)
    refused("unpacks to more than 1000 bytes")


def test_too_much_in_all_in_a_folder(
    members: Members,
    put_zip: PutZip,
    settings: Settings,
    refused: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = put_zip(members)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(settings.data / "shapes")
    path.unlink()
    monkeypatch.setattr(limits, "MAX_TOTAL_BYTES", 1000)
    refused("holds more than 1000 bytes of images")


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.99])
def test_a_truncated_zip(
    part: float, members: Members, put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    path = put_zip(members)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    refused("not a whole zip archive")


def test_a_web_page_saved_as_a_zip(settings: Settings, refused: Callable[[str], None]) -> None:
    (settings.data / "shapes.zip").write_text("<html>404</html>")
    refused("not a whole zip archive")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not an image"),
        (b"\x89PNG\r\n\x1a\n" + b"junk" * 9, "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
    ],
)
def test_a_file_that_is_no_image(
    data: bytes, words: str, members: Members, put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    put_zip(members | {"test/circle/0.png": data})
    refused(f"'test/circle/0.png' is {words}")


def test_an_image_of_another_size(
    members: Members, encode: Callable[..., bytes], put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    put_zip(members | {"test/circle/0.png": encode(np.zeros((5, 6, 3), np.uint8))})
    refused("'test/circle/0.png' is 6x5 pixels; Shapes needs 5x6")


def test_an_image_format_off_the_list(
    members: Members, encode: Callable[..., bytes], put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    put_zip(members | {"test/circle/0.png": encode(np.zeros((6, 5, 3), np.uint8), "TIFF")})
    refused("expected one of PNG, JPEG, WEBP, BMP")


def test_sixteen_bits_are_not_cut_to_eight(
    members: Members, encode: Callable[..., bytes], put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    put_zip(members | {"test/circle/0.png": encode(np.zeros((6, 5), np.uint16))})
    refused("not a plain 8-bit image")


def test_a_truncated_image(
    members: Members, put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    put_zip(members | {"test/circle/0.png": members["test/circle/0.png"][:60]})
    refused("'test/circle/0.png' is not an image")


def test_a_link_in_a_folder(
    settings: Settings, members: Members, put_zip: PutZip, refused: Callable[[str], None]
) -> None:
    with zipfile.ZipFile(put_zip(members)) as archive:
        archive.extractall(settings.data / "shapes")
    (settings.data / "shapes" / "train" / "circle" / "9.png").symlink_to("/etc/passwd")
    refused("is a link")


@examples(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)),
        min_size=1,
        max_size=6,
    )
)
def test_any_damage_is_refused_or_harmless(
    changes: list[tuple[float, bytes]],
    members: Members,
    put_zip: PutZip,
    settings: Settings,
    catalogue: Catalogue,
) -> None:
    path = put_zip(members)
    damaged = io.BytesIO(path.read_bytes())
    size = len(damaged.getvalue())
    for place, data in changes:
        damaged.seek(int(place * size))
        damaged.write(data)
    path.write_bytes(damaged.getvalue())
    try:
        opened = datasets.load("shapes", settings, catalogue=catalogue)
    except DatasetCorrupt:
        return
    opened.verify()
    for file in opened.folder.iterdir():
        file.unlink()
    opened.folder.rmdir()
