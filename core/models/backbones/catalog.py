"""Facts about every keras.applications model, from a table, so that no engine is loaded.

``generate`` writes the table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.spec.backbone import Trainable

FAVOURITES = ("MobileNetV2", "VGG16", "ResNet50", "InceptionV3")
"""Names that a form lists first."""

_TABLE = Path(__file__).with_name("table.json")

Window = tuple[int, int, int]
"""Extent, stride and padding of a window; padding -1 is Keras' "same"."""


@dataclass(frozen=True)
class WeightsFile:
    """Weights learnt on ImageNet: the file's name, its address, and its checksum if Keras has one.

    ``digest`` is MD5 in 32 hexadecimal digits or SHA-256 in 64.
    """

    file: str
    origin: str
    digest: str


@dataclass(frozen=True)
class BackboneInfo:
    """What is known of a backbone, without its head.

    ``preprocessing`` is one of Keras' modes; ``none`` if the model scales pixels itself, and
    ``efficientnet`` if its ImageNet weights need one more scaling. ``draws``: it has dropout,
    which is active while the head trains, even if the backbone is frozen.
    ``parameters``, ``trainable`` and ``activations`` (numbers in a layer's output) have one
    entry per layer, in Keras' order; ``activations`` and ``flops`` are per image of the default
    size. ``receptive_field`` is in pixels, 0 if a layer depends on the whole image.
    """

    name: str
    default_size: int
    smallest_size: int
    channels: int
    preprocessing: str
    draws: bool
    windows: tuple[Window, ...]
    receptive_field: int
    parameters: tuple[int, ...]
    trainable: tuple[int, ...]
    activations: tuple[int, ...]
    flops: int
    # A mapping has no hash; models are keys of caches.
    weights: Mapping[str, WeightsFile] = field(hash=False)

    @property
    def num_layers(self) -> int:
        """Layers as Keras counts them, its input, activations and additions included."""
        return len(self.parameters)

    def output_side(self, image_size: int) -> int:
        """Height and width of the output's feature maps; 0 or less: the image is too small."""
        return side_after(self.windows, image_size)

    def num_trainable(self, trainable: Trainable, unfrozen_layers: int) -> int:
        """Number of parameters that are trained."""
        if trainable is Trainable.NONE:
            return 0
        return sum(self.trainable[self.first_unfrozen(trainable, unfrozen_layers) :])

    def first_unfrozen(self, trainable: Trainable, unfrozen_layers: int) -> int:
        """Index of the first trainable layer; the number of layers if there is none."""
        if trainable is Trainable.NONE:
            return self.num_layers
        return 0 if trainable is Trainable.ALL else max(0, self.num_layers - unfrozen_layers)

    def scale(self, image_size: int) -> float:
        """Cost relative to an image of the default size: the ratio of the areas."""
        return (image_size / self.default_size) ** 2

    def imagenet(self, image_size: int) -> WeightsFile:
        """The file that Keras takes for images of this size."""
        return self.weights.get(str(image_size), self.weights["*"])


def side_after(windows: Sequence[Window], side: int) -> int:
    """Height or width after these windows; 0 when a window is larger than what is left."""
    for extent, stride, padding in windows:
        if padding < 0:
            side = -(-side // stride)
        elif side + padding < extent:
            return 0
        else:
            side = (side + padding - extent) // stride + 1
    return side


def names() -> list[str]:
    """Names of all models: the favourites first, then by name."""
    others = sorted(name for name in _table() if name not in FAVOURITES)
    return [*FAVOURITES, *others]


def info(name: str) -> BackboneInfo:
    """One model by its name in keras.applications. Raises KeyError."""
    return _table()[name]


@cache
def _table() -> Mapping[str, BackboneInfo]:
    raw = json.loads(_TABLE.read_text(encoding="utf-8"))
    return MappingProxyType({name: _info(name, row) for name, row in raw["models"].items()})


def _info(name: str, row: Mapping[str, Any]) -> BackboneInfo:
    lists = {key: tuple(row[key]) for key in ("parameters", "trainable", "activations")}
    windows = tuple((extent, stride, padding) for extent, stride, padding in row["windows"])
    weights = {side: WeightsFile(**each) for side, each in row["weights"].items()}
    return BackboneInfo(
        name=name,
        **{**row, **lists, "windows": windows, "weights": MappingProxyType(weights)},
    )
