"""Mixed images hold exactly the shares of two that their labels claim."""

from __future__ import annotations

import numpy as np
import pytest

from core.spec.data import Augmentation
from core.training.mixup import cutmix, mixup
from core.training.variation import Variation, variation

SIDE, CLASSES = 12, 16
TARGETS = np.eye(CLASSES, dtype=np.float32)
# One grey level an image, its class times 16: a pixel tells where it came from.
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
    varied = Variation(Augmentation(mixup=1.0, cutmix=1.0), 3)
    blended = 0
    for batch in range(200):
        images, _ = varied.vary(IMAGES, TARGETS, epoch=0, batch=batch)
        blended += bool((images % 16).any())
    # Mixup makes levels that no image has; five standard deviations around half.
    assert 60 < blended < 140


def test_nothing_varies_where_nothing_is_switched_on() -> None:
    assert variation(Augmentation(horizontal_flip=True, cutout=0.5), 1) is None
    assert variation(Augmentation(mixup=0.1), 1) is not None


def test_the_images_that_came_in_are_left_alone() -> None:
    before = IMAGES.copy(), TARGETS.copy()
    Variation(Augmentation(mixup=1.0, cutmix=1.0), 3).vary(IMAGES, TARGETS, epoch=0, batch=0)
    np.testing.assert_array_equal(IMAGES, before[0])
    np.testing.assert_array_equal(TARGETS, before[1])
