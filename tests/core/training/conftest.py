"""Digits: a real data set that is always here, small enough to train on in a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.datasets import load
from core.datasets.opened import OpenedDataset
from core.settings import Settings
from core.spec import Experiment, parse

MakeExperiment = Callable[..., Experiment]


@pytest.fixture(scope="session")
def digits() -> OpenedDataset:
    return load("digits", Settings.from_environment())


@pytest.fixture
def make_experiment() -> MakeExperiment:
    """An experiment on 200 digits, 7 batches an epoch; sections may be overridden."""

    def make(
        training: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        model: dict[str, Any] | None = None,
    ) -> Experiment:
        return parse(
            {
                "data": {"dataset": "digits", "train_size": 200, **(data or {})},
                "model": {
                    "stages": [{"convolutions": [{"kind": "normal", "filters": 8}]}],
                    **(model or {}),
                },
                "training": {"epochs": 3, "batch_size": 32, **(training or {})},
                "seeds": [3],
            }
        )

    return make
