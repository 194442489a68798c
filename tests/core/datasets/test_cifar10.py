"""The real CIFAR-10, out of its zip: known statistics, in time."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import datasets
from core.datasets.opened import open_dataset
from core.datasets.progress import PreparePhase, PrepareProgress
from core.datasets.status import DatasetState, statuses
from core.settings import Settings

pytestmark = [pytest.mark.cifar10, pytest.mark.slow]


@pytest.fixture
def real(settings: Settings) -> Settings:
    """The data folder that has `cifar10.zip`, and a cache of this test's own."""
    return replace(settings, data=Path(os.environ["CONVSCOPE_DATA"]))


def test_it_is_decoded_whole_in_time_and_opened_at_once(real: Settings) -> None:
    heard: list[PrepareProgress] = []
    started = time.monotonic()
    datasets.load("cifar10", real, heard.append)
    assert time.monotonic() - started <= 90
    decoding = [each.done for each in heard if each.phase is PreparePhase.DECODE]
    assert decoding == sorted(decoding)
    assert len(decoding) >= 10

    started = time.monotonic()
    opened = open_dataset("cifar10", real)
    assert time.monotonic() - started <= 0.5
    assert opened.train_images.shape == (50_000, 32, 32, 3)
    assert opened.test_images.shape == (10_000, 32, 32, 3)
    assert np.bincount(opened.train_labels).tolist() == [5000] * 10
    assert np.bincount(opened.test_labels).tolist() == [1000] * 10
    assert opened.mean == pytest.approx((0.49140, 0.48216, 0.44653), abs=5e-6)
    assert opened.std == pytest.approx((0.24703, 0.24349, 0.26159), abs=5e-6)
    opened.verify()

    started = time.monotonic()
    states = {each.name: each.state for each in statuses(real)}
    # 50 ms is the aim, and 10 what it takes; the margin is for a machine that is busy.
    assert time.monotonic() - started <= 0.25
    assert states["cifar10"] is DatasetState.READY
