"""What happens to pixels and labels before they are fed: RandAugment, then mixup or CutMix.

Scaling and the other augmentations follow, as layers of the network. Here, and not there,
stands what Keras' layers cannot do alike on every engine, or what changes labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.spec.data import Augmentation
from core.training.mixup import cutmix, mixup
from core.training.rand_augment import rand_augment

# NumPy takes (seed, epoch) and (seed, epoch, 0) for the same seed. Neither ends in 0, so these
# draw nothing that the order of the images was drawn from.
_OPERATIONS, _MIXING = 1, 2


class Variation:
    """The augmentation of one batch, a function of (seed, epoch, batch) alone.

    A resumed run therefore sees the images of the uninterrupted one, whatever its engine.
    """

    def __init__(self, augmentation: Augmentation, seed: int) -> None:
        self._augmentation = augmentation
        self._seed = seed

    def vary(
        self, images: NDArray[np.uint8], targets: NDArray[Any], *, epoch: int, batch: int
    ) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        """Images (B, H, W, C) and targets: (B, classes) where labels are mixed, else any."""
        operations = self._augmentation.rand_augment
        if operations:
            rng = np.random.default_rng((self._seed, epoch, batch, _OPERATIONS))
            images = rand_augment(images, operations, rng)
        if self._augmentation.mixes_labels:
            rng = np.random.default_rng((self._seed, epoch, batch, _MIXING))
            images, targets = self._mixed(images, targets, rng)
        return images, targets

    def _mixed(
        self, images: NDArray[np.uint8], targets: NDArray[Any], rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        first, second = self._augmentation.mixup, self._augmentation.cutmix
        if first and (not second or rng.random() < 0.5):
            return mixup(images, targets, first, rng)
        return cutmix(images, targets, second, rng)


def variation(augmentation: Augmentation, seed: int) -> Variation | None:
    """None where pixels and labels are fed as they are."""
    if augmentation.rand_augment or augmentation.mixes_labels:
        return Variation(augmentation, seed)
    return None
