"""Every image once per epoch, in an order that only seed and epoch decide."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.spec.data import Augmentation, RandAugment
from core.training.augmentation import build_augmenter
from core.training.batches import Batches, feed
from tests.core.training.conftest import only_with_tensorflow

NUM_IMAGES = 1300
"""41 batches of 32: more than two calls of 16, and a smaller last one."""

# An image's number is in its pixels, so that a batch shows which images it holds.
IMAGES = np.arange(NUM_IMAGES, dtype=np.uint32).view(np.uint8).reshape(NUM_IMAGES, 2, 2, 1).copy()
LABELS = np.arange(NUM_IMAGES) % 7


AUGMENTED = Augmentation(mixup=0.4, cutmix=1.0, rand_augment=RandAugment())


def make(indices: NDArray[np.int64] | None = None, **options: object) -> Batches:
    chosen = np.arange(NUM_IMAGES) if indices is None else indices
    return Batches(IMAGES, LABELS, chosen, **{"batch_size": 32, "seed": 5, **options})


def numbers(images: NDArray[np.uint8]) -> list[int]:
    return np.ascontiguousarray(images).reshape(-1).view(np.uint32).tolist()


def epoch_of(batches: Batches, epoch: int) -> list[int]:
    batches.begin(epoch)
    return [n for i in range(batches.num_batches) for n in numbers(batches[i][0])]


def test_an_epoch_holds_every_chosen_image_once_and_no_other() -> None:
    chosen = np.arange(10, 510, 3)
    order = epoch_of(make(chosen), 0)

    assert sorted(order) == chosen.tolist()
    assert order != chosen.tolist()


def test_labels_stay_with_their_images() -> None:
    batches = make()
    batches.begin(1)
    for i in range(batches.num_batches):
        images, labels = batches[i]
        assert [n % 7 for n in numbers(images)] == labels.tolist()


def test_orders_differ_between_epochs_and_seeds_and_repeat_for_the_same() -> None:
    orders = [epoch_of(make(seed=seed), epoch) for seed in (5, 6) for epoch in (0, 1)]

    assert len({tuple(order) for order in orders}) == 4
    assert epoch_of(make(seed=5), 1) == orders[1]


def test_without_a_seed_the_order_is_that_of_the_indices() -> None:
    assert epoch_of(make(seed=None), 4) == list(range(NUM_IMAGES))


def test_one_hot_targets_mark_the_label() -> None:
    _, targets = make(seed=None, one_hot=7)[0]

    assert targets.shape == (32, 7)
    assert targets.argmax(axis=1).tolist() == LABELS[:32].tolist()
    assert targets.sum(axis=1).tolist() == [1.0] * 32


def test_augmentation_differs_between_epochs_and_repeats_for_the_same() -> None:
    def fed(epoch: int, seed: int = 5) -> list[bytes]:
        batches = make(one_hot=7, augmenter=build_augmenter(AUGMENTED, seed))
        # Where a resumed run begins.
        batches.begin(epoch)
        return [part.tobytes() for part in batches[3]]

    assert fed(1) == fed(1)
    assert len({fed(epoch, seed)[0] for epoch in (0, 1) for seed in (5, 6)}) == 4


def test_what_is_taken_by_position_is_not_augmented() -> None:
    batches = make(one_hot=7, augmenter=build_augmenter(AUGMENTED, 5))
    images, _ = batches.take(np.arange(8))
    np.testing.assert_array_equal(images, IMAGES[:8])


@only_with_tensorflow
@pytest.mark.parametrize("num_images", [1300, 1024, 20, 33])
@pytest.mark.parametrize(
    ("one_hot", "augmentation"),
    [(None, Augmentation()), (7, Augmentation()), (7, AUGMENTED)],
    ids=["numbers", "one-hot", "augmented"],
)
def test_tensorflow_is_fed_the_same_batches_in_the_same_order(
    num_images: int, one_hot: int | None, augmentation: Augmentation
) -> None:
    augmenter = build_augmenter(augmentation, 5)
    batches = make(np.arange(num_images), one_hot=one_hot, augmenter=augmenter)
    dataset = feed(batches, "tensorflow")
    for epoch in (0, 1):
        batches.begin(epoch)
        fed = list(dataset.as_numpy_iterator())
        assert len(fed) == len(dataset) == batches.num_batches
        for i, (images, targets) in enumerate(fed):
            expected_images, expected_targets = batches[i]
            np.testing.assert_array_equal(images, expected_images)
            np.testing.assert_array_equal(targets, expected_targets)


def test_other_engines_take_the_batches_as_they_are() -> None:
    batches = make()
    assert feed(batches, "torch") is batches
