"""Facts about a primitive layer: output shape, parameters, FLOPs, window.

All numbers are Python integers, so that an absurdly large model (10^12 parameters) is no overflow.
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
    """The input pixels that one output depends on: extent and stride, (height, width).

    The stride is a fraction if the layer enlarges an image. ``whole``: every output depends on
    the whole input.
    """

    extent: tuple[int, int] = (1, 1)
    strides: tuple[int | Fraction, int | Fraction] = (1, 1)
    whole: bool = False


@dataclass(frozen=True)
class Facts:
    """What follows from a layer's input shapes and arguments, per image.

    ``formula`` and ``size_formula`` are the calculations of ``parameters`` and of the height and
    width (or length) of ``output_shape``, as text. ``flops``: see ``core.models.ops``.
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
    """A layer does not fit its input. ``argument`` is the one to change."""

    def __init__(self, argument: str, message: str) -> None:
        self.argument = argument
        super().__init__(message)
