"""Splits are disjoint, stratified, seeded, and keep validation apart from the training size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.split import split
from core.errors import InvalidExperiment

CLASS_SIZES = st.lists(st.integers(20, 90), min_size=2, max_size=7)
FRACTIONS = st.floats(0.1, 0.6)
SEEDS = st.integers(0, 2**32)


def labels_of(sizes: list[int]) -> np.ndarray:
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))


def assert_proportional(part: np.ndarray, whole: np.ndarray) -> None:
    share = np.bincount(whole) * (len(part) / len(whole))
    counts = np.bincount(part, minlength=len(share))
    assert np.all(np.abs(counts - share) < 1.0)


@given(CLASS_SIZES, FRACTIONS, SEEDS)
def test_every_image_is_in_exactly_one_part_and_shares_are_kept(
    sizes: list[int], fraction: float, seed: int
) -> None:
    labels = labels_of(sizes)
    parts = split(labels, validation_fraction=fraction, train_size=None, seed=seed)
    together = np.concatenate([parts.train_indices, parts.validation_indices])
    assert sorted(together) == list(range(len(labels)))
    assert len(parts.validation_indices) == round(len(labels) * fraction)
    assert_proportional(labels[parts.validation_indices], labels)


@given(CLASS_SIZES, FRACTIONS, SEEDS, st.data())
def test_a_smaller_training_part_is_stratified_and_leaves_validation_alone(
    sizes: list[int], fraction: float, seed: int, data: st.DataObject
) -> None:
    labels = labels_of(sizes)
    whole = split(labels, validation_fraction=fraction, train_size=None, seed=seed)
    most = len(whole.train_indices)
    size = data.draw(st.integers(min(most, 10 * len(sizes)), most))
    part = split(labels, validation_fraction=fraction, train_size=size, seed=seed)
    assert np.array_equal(part.validation_indices, whole.validation_indices)
    assert len(part.train_indices) == size
    assert set(part.train_indices) <= set(whole.train_indices)
    assert_proportional(labels[part.train_indices], labels[whole.train_indices])


@given(SEEDS)
def test_the_seed_decides(seed: int) -> None:
    labels = labels_of([50, 50, 50])
    one, same, other = (
        split(labels, validation_fraction=0.2, train_size=60, seed=s)
        for s in (seed, seed, seed + 1)
    )
    assert np.array_equal(one.train_indices, same.train_indices)
    assert np.array_equal(one.validation_indices, same.validation_indices)
    assert not np.array_equal(one.validation_indices, other.validation_indices)
    assert not np.array_equal(one.train_indices, other.train_indices)


@pytest.mark.parametrize(
    ("fraction", "train_size", "field", "words"),
    [
        (0.0, None, "data.validation_fraction", "between 0 and 1"),
        (1.0, None, "data.validation_fraction", "between 0 and 1"),
        (float("nan"), None, "data.validation_fraction", "between 0 and 1"),
        (0.001, None, "data.validation_fraction", "without validation"),
        (0.999, None, "data.validation_fraction", "without training"),
        (0.5, 31, "data.train_size", "more than the 30"),
        (0.5, 2, "data.train_size", "fewer than one image"),
        (0.5, 0, "data.train_size", "fewer than one image"),
    ],
)
def test_what_cannot_be_names_its_field(
    fraction: float, train_size: int | None, field: str, words: str
) -> None:
    with pytest.raises(InvalidExperiment, match=words) as caught:
        split(labels_of([20, 20, 20]), validation_fraction=fraction, train_size=train_size, seed=1)
    assert caught.value.field == field


def test_a_part_too_small_for_a_rare_class_is_refused() -> None:
    with pytest.raises(InvalidExperiment, match="rarest class"):
        split(labels_of([2, 900]), validation_fraction=0.5, train_size=10, seed=1)
