"""Fourteen operations on grey and coloured pictures, further the larger the magnitude."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.spec.data import RandAugment
from core.training.rand_augment import FILL, OPERATIONS, rand_augment


def pictures(channels: int, count: int = 64, side: int = 16) -> np.ndarray:
    """Coloured, with an edge, without black and white, so that every operation shows."""
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[:side, :side] * (100.0 / side)
    offsets = rng.uniform(20, 45, (count, 1, 1, channels))
    images = offsets + rows[..., None] + 0.6 * columns[..., None]
    images[:, 6:10, 6:10] += 25.0
    return images.astype(np.uint8)


def distance(changed: np.ndarray, images: np.ndarray) -> float:
    return float(np.abs(changed.astype(float) - images).mean())


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_keep_their_form(channels: int) -> None:
    images = pictures(channels)
    before = images.copy()
    varied = rand_augment(images, RandAugment(), np.random.default_rng(2))

    assert (varied.shape, varied.dtype) == (images.shape, np.uint8)
    np.testing.assert_array_equal(images, before)
    changed = [not np.array_equal(a, b) for a, b in zip(varied, images, strict=True)]
    assert np.mean(changed) > 0.7


def test_a_picture_that_is_not_square() -> None:
    images = pictures(3)[:, :9]
    assert rand_augment(images, RandAugment(), np.random.default_rng(2)).shape == images.shape


def test_a_larger_magnitude_and_more_operations_go_further() -> None:
    images = pictures(3, count=400)

    def how_far(num_operations: int, magnitude: int) -> float:
        spec = RandAugment(num_operations=num_operations, magnitude=magnitude)
        return distance(rand_augment(images, spec, np.random.default_rng(2)), images)

    assert how_far(2, 1) < how_far(2, 5) < how_far(2, 10)
    assert how_far(1, 5) < how_far(3, 5)


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {"identity"}))
def test_each_operation_changes_a_picture(name: str) -> None:
    image = pictures(3)[0]
    assert not np.array_equal(np.asarray(OPERATIONS[name](Image.fromarray(image), 0.9)), image)


GRADED = ("rotate", "solarize", "posterize", "color", "contrast", "brightness", "shear_x")


@pytest.mark.parametrize("name", GRADED)
def test_each_operation_goes_further_with_its_strength(name: str) -> None:
    image = Image.fromarray(pictures(3)[0])
    near, far = (np.asarray(OPERATIONS[name](image, strength)) for strength in (0.3, 1.0))
    assert distance(near, np.asarray(image)) < distance(far, np.asarray(image))


def test_a_shift_moves_by_its_share_of_the_side_and_fills_with_grey() -> None:
    image = pictures(3, side=20)[0]
    moved = np.asarray(OPERATIONS["translate_x"](Image.fromarray(image), 1.0))

    # 45 % of 20 pixels to the left.
    np.testing.assert_array_equal(moved[:, :11], image[:, 9:])
    assert (moved[:, 11:] == FILL).all()


def test_both_ways_are_drawn() -> None:
    images = np.zeros((300, 9, 9, 1), dtype=np.uint8)
    images[:, 4, 4] = 255
    spec = RandAugment(num_operations=1, magnitude=10)
    varied = rand_augment(images, spec, np.random.default_rng(3))
    places = {tuple(np.argwhere(each[..., 0] == 255)[0]) for each in varied if (each == 255).any()}
    assert {(4, 0), (4, 8), (0, 4), (8, 4)} <= places
