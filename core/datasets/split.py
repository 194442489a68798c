"""Split a data set's training images into training and validation. Test images are not used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import FieldError, InvalidExperiment
from core.spec.data import Data

# Makes these random numbers different from others of the same seed.
_STREAM = 0x5B117

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Sorted indices (n,) into the training arrays. No index is in both."""

    train_indices: Indices
    validation_indices: Indices


def split_of(data: Data, labels: NDArray[np.integer]) -> Split:
    """The split of an experiment, for its data set's training ``labels`` (N,).

    Raises InvalidExperiment.
    """
    return split(
        labels,
        validation_fraction=data.validation_fraction,
        train_size=data.train_size,
        seed=data.split_seed,
    )


def split(
    labels: NDArray[np.integer], *, validation_fraction: float, train_size: int | None, seed: int
) -> Split:
    """Choose a stratified validation split, and a stratified part of the remaining images.

    Each class' share differs by less than one image from its share of ``labels`` (N,).
    The validation split depends on the seed and the fraction only, so that runs with different
    numbers of training images have the same validation images. Raises InvalidExperiment.
    """
    if not 0.0 < validation_fraction < 1.0:
        raise _wrong(
            "validation_fraction",
            f"must be between 0 and 1, both excluded; got {validation_fraction}.",
        )
    rng = np.random.default_rng((_STREAM, seed))
    classes = [rng.permutation(np.flatnonzero(labels == c)) for c in np.unique(labels)]
    sizes = np.array([len(each) for each in classes])
    num_validation = _validation_counts(sizes, validation_fraction)
    left = sizes - num_validation
    num_train = left if train_size is None else _train_counts(left, train_size)
    validation = [each[:n] for each, n in zip(classes, num_validation, strict=True)]
    train = [each[n : n + m] for each, n, m in zip(classes, num_validation, num_train, strict=True)]
    return Split(np.sort(np.concatenate(train)), np.sort(np.concatenate(validation)))


def _validation_counts(sizes: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
    counts = _apportion(sizes, round(int(sizes.sum()) * fraction))
    if counts.min() < 1:
        raise _wrong(
            "validation_fraction",
            f"{fraction} of {sizes.sum()} training images leaves a class without validation "
            "images; choose a larger fraction.",
        )
    if (sizes - counts).min() < 1:
        raise _wrong(
            "validation_fraction",
            f"{fraction} of {sizes.sum()} training images leaves a class without training "
            "images; choose a smaller fraction.",
        )
    return counts


def _train_counts(left: NDArray[np.int64], train_size: int) -> NDArray[np.int64]:
    total = int(left.sum())
    if train_size > total:
        raise _wrong(
            "train_size",
            f"{train_size} is more than the {total} images left after the validation split.",
        )
    if train_size < len(left):
        raise _wrong(
            "train_size",
            f"{train_size} is fewer than one image for each of the {len(left)} classes.",
        )
    counts = _apportion(left, train_size)
    if counts.min() < 1:
        raise _wrong(
            "train_size",
            f"{train_size} images would leave the rarest class without images; choose more.",
        )
    return counts


def _apportion(sizes: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Integer shares of ``total`` in proportion to ``sizes``, by the largest remainder.

    Computed in integers, because 64-bit products of image counts are exact.
    """
    shares, remainders = np.divmod(sizes * total, int(sizes.sum()))
    missing = total - int(shares.sum())
    largest = np.argsort(-remainders, kind="stable")[:missing]
    shares[largest] += 1
    return shares


def _wrong(field: str, sentence: str) -> InvalidExperiment:
    return InvalidExperiment([FieldError(f"data.{field}", sentence)])
