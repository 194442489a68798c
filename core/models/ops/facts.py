"""What a primitive layer says about itself, by plain arithmetic.

All numbers are Python integers, so that an absurd model (10^12 parameters) is a large
number and not an overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Shape = tuple[int, ...]
"""Shape of one sample: (height, width, channels) of a map, (features,) of a vector."""

Config = Mapping[str, Any]
"""A layer's arguments under Keras' names."""


@dataclass(frozen=True)
class Window:
    """What one output position looks at: extent and step in input pixels, (height, width).

    The step is a fraction where an image is enlarged. ``whole``: it looks at the whole input,
    wherever it stands.
    """

    extent: tuple[int, int] = (1, 1)
    strides: tuple[int | Fraction, int | Fraction] = (1, 1)
    whole: bool = False


@dataclass(frozen=True)
class Facts:
    """What follows from a layer's input shapes and its arguments, for one image.

    ``formula`` and ``size_formula`` say in text how ``parameters`` and the height and width
    (or length) of ``output_shape`` came about. ``flops``: see ``core.models.ops``.
    """

    output_shape: Shape
    parameters: int = 0
    trainable: int = 0
    formula: str = ""
    size_formula: str = ""
    flops: int = 0
    window: Window = Window()


@dataclass(frozen=True)
class Op:
    """A primitive layer: its Keras class name and its arithmetic."""

    kind: str
    facts: Callable[[tuple[Shape, ...], Config], Facts]
    training_only: bool = False
    """True for layers that pass their input through unchanged outside training."""


class OpDoesNotFit(ValueError):
    """A layer cannot take its input. ``argument`` is the one a person would change."""

    def __init__(self, argument: str, message: str) -> None:
        self.argument = argument
        super().__init__(message)
