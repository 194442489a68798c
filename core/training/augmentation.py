"""Augmentation of pixels and labels before they reach the model: RandAugment, mixup, CutMix.

Scaling and the other augmentations are layers of the model. Here is what Keras' layers cannot do
alike on every engine, and what changes labels. Pixels stay uint8, so that a batch takes no more
memory than the images themselves.

RandAugment uses Pillow, image by image: two operations on 32 x 32 pixels take 0.08 ms of one core,
12,000 images/s (2,300 at 224 x 224; 2 cores of a Xeon at 2.1 GHz). The fastest small models train
there at 4,000 images/s, so augmentation, which runs beside the engine, keeps up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from core.spec.data import Augmentation, RandAugment

Pixels = NDArray[np.uint8]
Targets = NDArray[np.floating[Any]]

MAX_MAGNITUDE = 10
FILL = 128
"""Grey level of what comes in from beyond the border, as in RandAugment's own code."""

# With shares in 256ths, pixels mix in whole numbers, at several times the speed of floats.
_PARTS = 256

# NumPy takes (seed, epoch) and (seed, epoch, 0) for the same seed. Neither number is 0, so these
# generators are independent of the one that shuffles the images.
_OPERATIONS, _MIXING = 1, 2

Operation = Callable[[Image.Image, float], Image.Image]
"""Image and strength, from -1 to 1: the sign is the direction, the size how far."""


class Augmenter:
    """Augments a batch as a function of (seed, epoch, batch) alone.

    A resumed run therefore gets the images of the uninterrupted one, whatever its engine.
    """

    def __init__(self, augmentation: Augmentation, seed: int) -> None:
        self._augmentation = augmentation
        self._seed = seed

    def augment(
        self, images: Pixels, targets: NDArray[Any], *, epoch: int, batch: int
    ) -> tuple[Pixels, NDArray[Any]]:
        """Images (B, H, W, C) and targets: (B, classes) where labels are mixed, else any."""
        operations = self._augmentation.rand_augment
        if operations:
            rng = np.random.default_rng((self._seed, epoch, batch, _OPERATIONS))
            images = rand_augment(images, operations, rng)
        if self._augmentation.mixes_labels:
            rng = np.random.default_rng((self._seed, epoch, batch, _MIXING))
            images, targets = self._mix(images, targets, rng)
        return images, targets

    def _mix(
        self, images: Pixels, targets: NDArray[Any], rng: np.random.Generator
    ) -> tuple[Pixels, NDArray[Any]]:
        first, second = self._augmentation.mixup, self._augmentation.cutmix
        if first and (not second or rng.random() < 0.5):
            return mixup(images, targets, first, rng)
        return cutmix(images, targets, second, rng)


def build_augmenter(augmentation: Augmentation, seed: int) -> Augmenter | None:
    """None where neither pixels nor labels change."""
    if augmentation.rand_augment or augmentation.mixes_labels:
        return Augmenter(augmentation, seed)
    return None


def mixup(
    images: Pixels, targets: Targets, alpha: float, rng: np.random.Generator
) -> tuple[Pixels, Targets]:
    """Blend images (B, H, W, C) and targets (B, classes) with others of their batch.

    Every pixel and every target is ``share`` of its own and the rest of its partner's, with
    share ~ Beta(alpha, alpha). Zhang et al., arXiv 1710.09412; as in the authors' code, there is
    one share per batch, and partners are a permutation of the batch.
    """
    own = round(rng.beta(alpha, alpha) * _PARTS)
    partners = rng.permutation(len(images))
    wide = images.astype(np.uint16)
    wide *= np.uint16(own)
    # The half rounds; 255 * 256 + 128 still fits 16 bits.
    wide += images[partners] * np.uint16(_PARTS - own) + np.uint16(_PARTS // 2)
    return (wide >> 8).astype(np.uint8), _mix_targets(targets, partners, own / _PARTS)


def cutmix(
    images: Pixels, targets: Targets, alpha: float, rng: np.random.Generator
) -> tuple[Pixels, Targets]:
    """Paste the same rectangle of another image of the batch into each image (B, H, W, C).

    Its sides are the image's times sqrt(1 - share), with share ~ Beta(alpha, alpha). Its centre
    is anywhere; what lies beyond the border is cut off, and targets (B, classes) are mixed by the
    area that is left. Yun et al., arXiv 1905.04899; shares and partners as in ``mixup``.
    """
    _, height, width, _ = images.shape
    share = rng.beta(alpha, alpha)
    rows = _interval(height, share, rng)
    columns = _interval(width, share, rng)
    partners = rng.permutation(len(images))
    mixed = images.copy()
    mixed[:, rows, columns] = images[partners, rows, columns]
    pasted = (rows.stop - rows.start) * (columns.stop - columns.start)
    return mixed, _mix_targets(targets, partners, 1.0 - pasted / (height * width))


def _interval(side: int, share: float, rng: np.random.Generator) -> slice:
    half = int(side * np.sqrt(1.0 - share)) // 2
    centre = int(rng.integers(side))
    return slice(max(centre - half, 0), min(centre + half, side))


def _mix_targets(targets: Targets, partners: NDArray[np.int64], own: float) -> Targets:
    mixed: Targets = own * targets + (1.0 - own) * targets[partners]
    return mixed.astype(targets.dtype)


def rand_augment(images: Pixels, spec: RandAugment, rng: np.random.Generator) -> Pixels:
    """Apply random operations to each of images (B, H, W, C) with one or three channels.

    Cubuk et al., arXiv 1909.13719.
    """
    size = len(images), spec.num_operations
    chosen = rng.integers(len(OPERATIONS), size=size)
    directions = 2 * rng.integers(2, size=size) - 1
    strengths = directions * (spec.magnitude / MAX_MAGNITUDE)
    operations = list(OPERATIONS.values())
    augmented = np.empty_like(images)
    for i, pixels in enumerate(images):
        image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
        for choice, strength in zip(chosen[i].tolist(), strengths[i].tolist(), strict=True):
            image = operations[choice](image, strength)
        augmented[i] = np.asarray(image).reshape(pixels.shape)
    return augmented


def _enhance(enhancer: Callable[[Image.Image], ImageEnhance._Enhance]) -> Operation:
    # A factor of 1 leaves the image as it is; 0.1 to 1.9, so that magnitude is the distance to 1.
    return lambda image, strength: enhancer(image).enhance(1.0 + 0.9 * strength)


def _affine(
    coefficients: Callable[[Image.Image, float], tuple[float, float, float, float, float, float]],
) -> Operation:
    """Pixel (x, y) comes from (ax + by + c, dx + ey + f)."""

    def apply(image: Image.Image, strength: float) -> Image.Image:
        return image.transform(
            image.size,
            Image.Transform.AFFINE,
            coefficients(image, strength),
            fillcolor=_fill(image),
        )

    return apply


def _rotate(image: Image.Image, strength: float) -> Image.Image:
    return image.rotate(30.0 * strength, fillcolor=_fill(image))


def _fill(image: Image.Image) -> int | tuple[int, ...]:
    return FILL if image.mode == "L" else (FILL, FILL, FILL)


def _solarize(image: Image.Image, strength: float) -> Image.Image:
    return ImageOps.solarize(image, round(256 * (1.0 - abs(strength))))


def _posterize(image: Image.Image, strength: float) -> Image.Image:
    return ImageOps.posterize(image, 8 - round(4 * abs(strength)))


OPERATIONS: dict[str, Operation] = {
    "identity": lambda image, _: image,
    "auto_contrast": lambda image, _: ImageOps.autocontrast(image),
    "equalize": lambda image, _: ImageOps.equalize(image),
    "rotate": _rotate,
    "solarize": _solarize,
    "posterize": _posterize,
    "color": _enhance(ImageEnhance.Color),
    "contrast": _enhance(ImageEnhance.Contrast),
    "brightness": _enhance(ImageEnhance.Brightness),
    "sharpness": _enhance(ImageEnhance.Sharpness),
    "shear_x": _affine(lambda _, strength: (1, 0.3 * strength, 0, 0, 1, 0)),
    "shear_y": _affine(lambda _, strength: (1, 0, 0, 0.3 * strength, 1, 0)),
    # 150 of AutoAugment's 331 pixels.
    "translate_x": _affine(lambda image, s: (1, 0, round(0.45 * image.width * s), 0, 1, 0)),
    "translate_y": _affine(lambda image, s: (1, 0, 0, 0, 1, round(0.45 * image.height * s))),
}
"""The paper's fourteen, with the ranges of AutoAugment at magnitude 10."""
