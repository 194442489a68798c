"""`load` uses sources in their order, reads exact pixels, and keeps caches apart."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import datasets
from core.datasets.catalog import DatasetInfo
from core.datasets.opened import OpenedDataset, open_dataset
from core.datasets.progress import PreparePhase, PrepareProgress, read_progress
from core.errors import DatasetCorrupt, DatasetUnavailable, UnknownDataset
from core.settings import Settings

Members = dict[str, bytes]
PutZip = Callable[[Members], Path]
Catalogue = dict[str, DatasetInfo]


def assert_holds(opened: OpenedDataset, pixels: dict[str, np.ndarray]) -> None:
    train = np.stack(
        [pixels[f"train/{c}/{i}.png"] for c in ("circle", "T-square_top") for i in range(4)]
    )
    assert np.array_equal(opened.train_images, train)
    assert opened.train_labels.tolist() == [0] * 4 + [1] * 4
    assert opened.test_labels.tolist() == [0, 0, 1, 1]
    assert np.array_equal(opened.test_images[3], pixels["test/T-square_top/1.png"])
    assert np.allclose(opened.mean, train.mean(axis=(0, 1, 2)) / 255)
    assert np.allclose(opened.std, train.std(axis=(0, 1, 2)) / 255)


def test_a_zip_gives_its_exact_pixels(
    settings: Settings,
    catalogue: Catalogue,
    members: Members,
    put_zip: PutZip,
    pixels: dict[str, np.ndarray],
) -> None:
    put_zip(members)
    opened = datasets.load("shapes", settings, catalogue=catalogue)
    assert_holds(opened, pixels)
    opened.verify()


def test_a_wrapping_folder_and_clutter_change_nothing(
    settings: Settings,
    catalogue: Catalogue,
    members: Members,
    put_zip: PutZip,
    pixels: dict[str, np.ndarray],
) -> None:
    wrapped = {f"shapes/{name}": data for name, data in members.items()}
    clutter = {
        "README.txt": b"hello",
        "__MACOSX/shapes/train/._0": b"",
        "shapes/train/.DS_Store": b"",
    }
    put_zip(clutter | wrapped)
    assert_holds(datasets.load("shapes", settings, catalogue=catalogue), pixels)


def test_a_folder_comes_before_a_zip(
    settings: Settings,
    catalogue: Catalogue,
    members: Members,
    put_zip: PutZip,
    pixels: dict[str, np.ndarray],
) -> None:
    with zipfile.ZipFile(put_zip(members)) as archive:
        archive.extractall(settings.data / "shapes")
    put_zip({"train/circle/0.png": b"never read"})
    assert_holds(datasets.load("shapes", settings, catalogue=catalogue), pixels)


@pytest.mark.parametrize("image_format", ["WEBP", "BMP", "PNG"])
def test_every_lossless_format_gives_the_same(
    image_format: str,
    settings: Settings,
    catalogue: Catalogue,
    encode: Callable[..., bytes],
    put_zip: PutZip,
    pixels: dict[str, np.ndarray],
) -> None:
    put_zip({name: encode(image, image_format) for name, image in pixels.items()})
    assert_holds(datasets.load("shapes", settings, catalogue=catalogue), pixels)


def test_colour_becomes_grey_where_the_set_is_grey(
    settings: Settings, shapes: DatasetInfo, members: Members, put_zip: PutZip
) -> None:
    put_zip(members)
    grey = {"shapes": replace(shapes, image_shape=(6, 5, 1))}
    opened = datasets.load("shapes", settings, catalogue=grey)
    assert opened.train_images.shape == (8, 6, 5, 1)
    assert len(opened.mean) == len(opened.std) == 1


def test_the_arrays_cannot_be_written(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    put_zip(members)
    opened = datasets.load("shapes", settings, catalogue=catalogue)
    assert isinstance(opened.train_images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        opened.train_images[0, 0, 0, 0] = 1


def test_a_replaced_zip_is_noticed_and_the_old_cache_stays(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    put_zip(members)
    first = datasets.load("shapes", settings, catalogue=catalogue)
    put_zip(members | {"train/circle/0.png": members["train/circle/1.png"]})
    second = datasets.load("shapes", settings, catalogue=catalogue)
    assert np.array_equal(second.train_images[0], first.train_images[1])
    assert first.folder != second.folder
    first.verify()


def test_a_file_overwritten_in_a_folder_is_noticed(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    with zipfile.ZipFile(put_zip(members)) as archive:
        archive.extractall(settings.data / "shapes")
    first = datasets.load("shapes", settings, catalogue=catalogue)
    image = settings.data / "shapes" / "train" / "circle" / "0.png"
    image.write_bytes(members["train/circle/1.png"])
    os.utime(image, ns=(1, 1))
    second = datasets.load("shapes", settings, catalogue=catalogue)
    assert np.array_equal(second.train_images[0], first.train_images[1])


def test_the_same_zip_elsewhere_is_not_decoded_again(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    path = put_zip(members)
    first = datasets.load("shapes", settings, catalogue=catalogue)
    elsewhere = replace(settings, data=settings.data.parent / "elsewhere")
    elsewhere.data.mkdir()
    shutil.copyfile(path, elsewhere.data / path.name)
    assert open_dataset("shapes", elsewhere, catalogue).folder == first.folder


def test_progress_is_told_and_cleared(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    put_zip(members)
    heard: list[PrepareProgress] = []
    seen_by_others: list[PrepareProgress | None] = []

    def listen(progress: PrepareProgress) -> None:
        heard.append(progress)
        seen_by_others.append(read_progress("shapes", settings))

    datasets.load("shapes", settings, listen, catalogue)
    assert [(p.phase, p.done, p.total) for p in heard][-1] == (PreparePhase.WRITE, 12, 12)
    assert (PreparePhase.DECODE, 12, 12) in [(p.phase, p.done, p.total) for p in heard]
    assert seen_by_others == heard
    assert read_progress("shapes", settings) is None


@pytest.mark.usefixtures("nothing_is_left")
def test_a_listener_that_raises_cancels(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    put_zip(members)

    def stop(progress: PrepareProgress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        datasets.load("shapes", settings, stop, catalogue)
    assert read_progress("shapes", settings) is None


def test_a_cut_cache_is_made_anew(
    settings: Settings,
    catalogue: Catalogue,
    members: Members,
    put_zip: PutZip,
    pixels: dict[str, np.ndarray],
) -> None:
    put_zip(members)
    folder = datasets.load("shapes", settings, catalogue=catalogue).folder
    array = folder / "train_images.npy"
    array.write_bytes(array.read_bytes()[:-1])
    assert_holds(datasets.load("shapes", settings, catalogue=catalogue), pixels)


def test_a_cache_whose_replacement_was_interrupted_is_used_again(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    put_zip(members)
    folder = datasets.load("shapes", settings, catalogue=catalogue).folder
    written_at = (folder / "manifest.json").stat().st_mtime_ns
    # What a kill leaves between the rename of the old folder and that of the new one.
    folder.rename(folder.with_name(f".{folder.name}.old"))
    opened = datasets.load("shapes", settings, catalogue=catalogue)
    opened.verify()
    assert (opened.folder / "manifest.json").stat().st_mtime_ns == written_at
    assert [each.name for each in settings.cache.glob("*shapes-*")] == [folder.name]


def test_a_flipped_byte_in_the_cache_is_found_by_verify(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    put_zip(members)
    array = datasets.load("shapes", settings, catalogue=catalogue).folder / "test_images.npy"
    data = bytearray(array.read_bytes())
    data[-1] ^= 1
    array.write_bytes(data)
    with pytest.raises(DatasetCorrupt, match=r"test_images\.npy"):
        datasets.load("shapes", settings, catalogue=catalogue).verify()


def test_nothing_anywhere_says_what_to_put_where(settings: Settings, catalogue: Catalogue) -> None:
    with pytest.raises(
        DatasetUnavailable, match=r"put shapes\.zip .*train/<class>.* into "
    ) as caught:
        datasets.load("shapes", settings, catalogue=catalogue)
    assert str(settings.data) in str(caught.value)


def test_a_cache_that_cannot_be_written_is_one_sentence(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    put_zip(members)
    settings.cache.write_text("a file where the folder should be")
    with pytest.raises(DatasetUnavailable, match="could not be read or decoded"):
        datasets.load("shapes", settings, catalogue=catalogue)


def test_opening_what_is_not_prepared_decodes_nothing(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    put_zip(members)
    with pytest.raises(DatasetUnavailable, match="not decoded yet"):
        open_dataset("shapes", settings, catalogue)
    assert not settings.cache.exists()


def test_an_unknown_name_is_refused(settings: Settings) -> None:
    with pytest.raises(UnknownDataset):
        datasets.load("../shapes", settings)


def test_digits_need_no_file_and_always_split_the_same(settings: Settings) -> None:
    digits = datasets.load("digits", settings)
    assert digits.train_images.shape == (1437, 8, 8, 1)
    assert digits.test_images.shape == (360, 8, 8, 1)
    assert (digits.train_images.min(), digits.train_images.max()) == (0, 255)
    assert np.ptp(np.bincount(digits.test_labels)) <= 3
    assert digits.test_labels[:12].tolist() == FIRST_TEST_LABELS


# Scores of different runs compare only while this never changes.
FIRST_TEST_LABELS = [1, 4, 8, 6, 5, 9, 9, 1, 3, 2, 2, 2]
