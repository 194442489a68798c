"""Digits: a real dataset that needs no download, small enough to train on in a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest

from core.datasets import load
from core.datasets.opened import OpenedDataset
from core.settings import Settings
from core.spec import Experiment, parse
from core.training.installed_engines import PREFERENCE, installed_engines

MakeExperiment = Callable[..., Experiment]

ON_EVERY_ENGINE = [
    pytest.param(
        engine.value,
        marks=pytest.mark.skipif(
            engine.value not in installed_engines(),
            reason=f"{engine.value} is not installed (requirements-{engine.value}.txt)",
        ),
    )
    for engine in PREFERENCE
]
"""For tests whose trainers are processes of their own, each with an engine of its own."""
ON_EVERY_OTHER_ENGINE = [
    pytest.param(
        *each.values,
        marks=[
            *each.marks,
            pytest.mark.skipif(
                each.values == (keras.backend.backend(),),
                reason="this process has it: other tests cover it in more detail",
            ),
        ],
    )
    for each in ON_EVERY_ENGINE
]
only_with_tensorflow = pytest.mark.skipif(
    "tensorflow" not in installed_engines(), reason="only TensorFlow writes LiteRT files"
)


@pytest.fixture(scope="session")
def digits() -> OpenedDataset:
    return load("digits", Settings.from_environment())


@pytest.fixture
def make_experiment() -> MakeExperiment:
    """An experiment on 200 digits, 7 batches per epoch; sections may be overridden.

    It runs on the engine that this process has, so that ``KERAS_BACKEND=jax make test`` tests JAX.
    """

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
                "training": {
                    "epochs": 3,
                    "batch_size": 32,
                    "engine": keras.config.backend(),
                    **(training or {}),
                },
                "seeds": [3],
            }
        )

    return make
