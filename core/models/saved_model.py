"""Load a trained model: build it from its experiment, and load the weights of its file.

Test scores, LiteRT export and predictions all load models this way. The description of the layers
in a file is not used: the file may be foreign, and custom layers of own code are not in it. Own
code is imported only by `core.models.own`.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from core.models.builder import build
from core.models.plan import plan
from core.spec.experiment import Experiment, parse


@dataclass(frozen=True)
class Architecture:
    """Everything that a model is built from, except its weights."""

    experiment: Experiment
    image_shape: tuple[int, int, int]
    """Height, width, channels of the data set's images."""
    num_classes: int

    def to_json(self) -> str:
        """For another process."""
        return json.dumps(
            {
                "experiment": self.experiment.to_dict(),
                "image_shape": self.image_shape,
                "num_classes": self.num_classes,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read back what ``to_json`` gave."""
        raw = json.loads(text)
        height, width, channels = raw["image_shape"]
        return cls(parse(raw["experiment"]), (height, width, channels), raw["num_classes"])


def rebuild(architecture: Architecture, weights: Path) -> keras.Model:
    """The model with the weights of a ``.keras`` file, computing in 32 bits.

    Raises CodeNotTrusted, TrainingFailed for own code that builds no model, and ValueError,
    OSError or KeyError for a file that is damaged or of another model.
    """
    mean, std = _statistics(weights)
    model = build_in_32_bits(architecture, mean, std)
    model.load_weights(weights)
    return model


def build_in_32_bits(
    architecture: Architecture, mean: Sequence[float] | None, std: Sequence[float] | None
) -> keras.Model:
    """Build the model in 32 bits, without its weights, also in a process that trains in 16.

    ``mean`` and ``std`` of the data set per channel, 0..1, for a standardised model.
    """
    experiment, shape = architecture.experiment, architecture.image_shape
    planned = plan(experiment.model, experiment.data, shape, architecture.num_classes)
    with _dtype_policy("float32"):
        return build(planned, seed=experiment.seed, mean=mean, std=std)


@contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _statistics(weights: Path) -> tuple[list[float] | None, list[float] | None]:
    """Mean and standard deviation per channel, 0..1, that a standardising model was given.

    They are not weights, and the data set may be gone or have changed: the description of the
    layer in the file is the only reliable source.
    """
    with zipfile.ZipFile(weights) as file:
        described: dict[str, Any] = json.loads(file.read("config.json"))
    for layer in described["config"]["layers"]:
        if layer["class_name"] == "Normalization":
            mean, variance = layer["config"]["mean"], layer["config"]["variance"]
            std = np.sqrt(np.asarray(variance, dtype=np.float64)) / 255.0
            return (np.asarray(mean) / 255.0).ravel().tolist(), std.ravel().tolist()
    return None, None
