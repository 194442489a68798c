"""Mixed images hold the shares that their labels claim; RandAugment follows its magnitude."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.spec.data import Augmentation, RandAugment
from core.training.augmentation import (
    FILL,
    OPERATIONS,
    Augmenter,
    build_augmenter,
    cutmix,
    mixup,
    rand_augment,
)

SIDE, CLASSES = 12, 16
TARGETS = np.eye(CLASSES, dtype=np.float32)
# One grey level per image, its class times 16: a pixel shows where it came from.
IMAGES = np.repeat(np.arange(CLASSES, dtype=np.uint8) * 16, SIDE * SIDE * 3).reshape(
    CLASSES, SIDE, SIDE, 3
)


def generators(count: int = 50) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in range(count)]


def levels(targets: np.ndarray) -> np.ndarray:
    """The grey level that an image blended by these targets has."""
    return targets @ (np.arange(CLASSES) * 16.0)


def test_mixup_blends_pixels_and_labels_alike() -> None:
    for rng in generators():
        images, targets = mixup(IMAGES, TARGETS, 1.0, rng)

        assert (images.dtype, targets.dtype) == (np.uint8, np.float32)
        np.testing.assert_allclose(targets.sum(axis=1), 1.0)
        assert (images == images[:, :1, :1, :1]).all()
        # Half a grey level is what rounding may cost.
        np.testing.assert_allclose(images[:, 0, 0, 0], levels(targets), atol=0.5)


def test_mixup_of_the_brightest_stays_the_brightest() -> None:
    white = np.full((4, 2, 2, 1), 255, dtype=np.uint8)
    for rng in generators():
        np.testing.assert_array_equal(mixup(white, TARGETS[:4], 0.5, rng)[0], white)


def test_cutmix_shares_labels_by_area() -> None:
    areas = set()
    for rng in generators():
        images, targets = cutmix(IMAGES, TARGETS, 1.0, rng)

        assert (images.dtype, targets.dtype) == (np.uint8, np.float32)
        for i, image in enumerate(images):
            shares = [(image == 16 * n).mean() for n in range(CLASSES)]
            np.testing.assert_allclose(targets[i], shares, atol=1e-6)
        areas.add(round(float(targets[0].max()), 3))
    assert len(areas) > 10


def test_cutmix_pastes_one_rectangle() -> None:
    for rng in generators():
        images, _ = cutmix(IMAGES, TARGETS, 1.0, rng)
        for own, image in zip(IMAGES, images, strict=True):
            pasted = (image != own).any(axis=-1)
            rows, columns = pasted.any(axis=1), pasted.any(axis=0)
            assert (pasted == np.outer(rows, columns)).all()
            for side in (rows, columns):
                # Without a gap: it begins at most once.
                assert np.count_nonzero(np.diff(side.astype(int), prepend=0) == 1) <= 1


@pytest.mark.parametrize("mix", [mixup, cutmix])
def test_a_larger_alpha_mixes_more(mix: object) -> None:
    def mean_own(alpha: float) -> float:
        shares = [mix(IMAGES, TARGETS, alpha, rng)[1].max(axis=1) for rng in generators(200)]  # type: ignore[operator]
        return float(np.mean(shares))

    assert mean_own(0.1) > mean_own(4.0) + 0.05


@pytest.mark.parametrize("mix", [mixup, cutmix])
def test_a_batch_of_one_stays_as_it_is(mix: object) -> None:
    for rng in generators(10):
        images, targets = mix(IMAGES[:1], TARGETS[:1], 1.0, rng)  # type: ignore[operator]
        np.testing.assert_array_equal(images, IMAGES[:1])
        np.testing.assert_allclose(targets, TARGETS[:1])


def test_with_both_a_coin_decides_for_every_batch() -> None:
    augmenter = Augmenter(Augmentation(mixup=1.0, cutmix=1.0), 3)
    blended = 0
    for batch in range(200):
        images, _ = augmenter.augment(IMAGES, TARGETS, epoch=0, batch=batch)
        blended += bool((images % 16).any())
    # Mixup makes levels that no image has; five standard deviations around half.
    assert 60 < blended < 140


def test_without_a_setting_there_is_no_augmenter() -> None:
    assert build_augmenter(Augmentation(horizontal_flip=True, cutout=0.5), 1) is None
    assert build_augmenter(Augmentation(mixup=0.1), 1) is not None


def test_the_images_that_came_in_are_left_alone() -> None:
    before = IMAGES.copy(), TARGETS.copy()
    Augmenter(Augmentation(mixup=1.0, cutmix=1.0), 3).augment(IMAGES, TARGETS, epoch=0, batch=0)
    np.testing.assert_array_equal(IMAGES, before[0])
    np.testing.assert_array_equal(TARGETS, before[1])


def colour_images(channels: int, count: int = 64, side: int = 16) -> np.ndarray:
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
def test_rand_augment_keeps_shape_and_type(channels: int) -> None:
    images = colour_images(channels)
    before = images.copy()
    augmented = rand_augment(images, RandAugment(), np.random.default_rng(2))

    assert (augmented.shape, augmented.dtype) == (images.shape, np.uint8)
    np.testing.assert_array_equal(images, before)
    changed = [not np.array_equal(a, b) for a, b in zip(augmented, images, strict=True)]
    assert np.mean(changed) > 0.7


def test_rand_augment_of_an_image_that_is_not_square() -> None:
    images = colour_images(3)[:, :9]
    assert rand_augment(images, RandAugment(), np.random.default_rng(2)).shape == images.shape


def test_a_larger_magnitude_and_more_operations_go_further() -> None:
    images = colour_images(3, count=400)

    def how_far(num_operations: int, magnitude: int) -> float:
        spec = RandAugment(num_operations=num_operations, magnitude=magnitude)
        return distance(rand_augment(images, spec, np.random.default_rng(2)), images)

    assert how_far(2, 1) < how_far(2, 5) < how_far(2, 10)
    assert how_far(1, 5) < how_far(3, 5)


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {"identity"}))
def test_each_operation_changes_an_image(name: str) -> None:
    image = colour_images(3)[0]
    assert not np.array_equal(np.asarray(OPERATIONS[name](Image.fromarray(image), 0.9)), image)


GRADED = ("rotate", "solarize", "posterize", "color", "contrast", "brightness", "shear_x")


@pytest.mark.parametrize("name", GRADED)
def test_each_operation_goes_further_with_its_strength(name: str) -> None:
    image = Image.fromarray(colour_images(3)[0])
    near, far = (np.asarray(OPERATIONS[name](image, strength)) for strength in (0.3, 1.0))
    assert distance(near, np.asarray(image)) < distance(far, np.asarray(image))


def test_a_shift_moves_by_its_share_of_the_side_and_fills_with_grey() -> None:
    image = colour_images(3, side=20)[0]
    moved = np.asarray(OPERATIONS["translate_x"](Image.fromarray(image), 1.0))

    # 45 % of 20 pixels to the left.
    np.testing.assert_array_equal(moved[:, :11], image[:, 9:])
    assert (moved[:, 11:] == FILL).all()


def test_both_directions_are_chosen() -> None:
    images = np.zeros((300, 9, 9, 1), dtype=np.uint8)
    images[:, 4, 4] = 255
    spec = RandAugment(num_operations=1, magnitude=10)
    augmented = rand_augment(images, spec, np.random.default_rng(3))
    places = {
        tuple(np.argwhere(each[..., 0] == 255)[0]) for each in augmented if (each == 255).any()
    }
    assert {(4, 0), (4, 8), (0, 4), (8, 4)} <= places
