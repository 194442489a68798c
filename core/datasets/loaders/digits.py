"""The digits inside scikit-learn: 1,797 grey images of 8x8, no network, no file."""

from __future__ import annotations

import numpy as np

from core.datasets.loaders.decoded_source import DecodedSource, split_of

TEST_SEED = 0
"""The data set has no test split. Ours is fixed: the same 360 images, a fifth of each class,
for all seeds of experiments, so that scores of different runs can be compared."""


def load() -> DecodedSource:
    """Read the digits, with their values 0..16 scaled to 0..255."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    raw = load_digits()
    images = np.rint(raw.images * (255.0 / 16.0)).astype(np.uint8)[..., np.newaxis]
    labels = raw.target.astype(np.int64)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=360, random_state=TEST_SEED, stratify=labels
    )
    train.sort()
    test.sort()
    return DecodedSource(
        split_of(images[train], labels[train]), split_of(images[test], labels[test])
    )
