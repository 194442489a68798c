"""Kinds of convolution: one class a kind, told apart by ``kind``.

To add one: a class here, its name in ``Convolution``, a file in ``core/models/blocks/``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.spec.base import Spec


class Activation(StrEnum):
    """What follows a layer's weighted sum. Names are Keras' own."""

    RELU = "relu"
    LEAKY_RELU = "leaky_relu"
    ELU = "elu"
    GELU = "gelu"
    SILU = "silu"
    TANH = "tanh"
    SIGMOID = "sigmoid"


class Padding(StrEnum):
    """``same`` keeps the size (at stride 1), ``valid`` uses only whole windows."""

    SAME = "same"
    VALID = "valid"


class Block(Spec):
    """What every kind of convolution has."""

    filters: int = Field(
        32,
        ge=1,
        le=4096,
        title="Filters",
        description="How many feature maps the layer makes. More filters: more capacity, "
        "more parameters, slower.",
    )
    repeats: int = Field(
        1,
        ge=1,
        le=32,
        title="Repeats",
        description="How many times this convolution stands in a row.",
    )
    kernel_size: int = Field(
        3,
        ge=1,
        le=63,
        title="Kernel size",
        description="Side of the square window that slides over the image.",
        json_schema_extra={"unit": "px"},
    )
    strides: int = Field(
        1,
        ge=1,
        le=8,
        title="Stride",
        description="Step of the window. 2 halves the height and the width, in every repeat.",
        json_schema_extra={"advanced": True},
    )
    padding: Padding = Field(
        Padding.SAME,
        title="Padding",
        description="same: the image keeps its size. valid: it shrinks by kernel size minus one.",
        json_schema_extra={"advanced": True},
    )
    activation: Activation | None = Field(
        None,
        title="Activation",
        description="Empty: the network's own activation.",
        json_schema_extra={"advanced": True},
    )


class NormalConv(Block):
    """Every filter looks at every channel of its window."""

    kind: Literal["normal"] = "normal"


class SpatiallySeparableConv(Block):
    """A k x 1 convolution, then 1 x k: 2k weights a channel pair instead of k squared."""

    kind: Literal["spatially_separable"] = "spatially_separable"


class DepthwiseSeparableConv(Block):
    """One window per channel, then a pointwise convolution that mixes the channels."""

    kind: Literal["depthwise_separable"] = "depthwise_separable"


class DilatedConv(Block):
    """Gaps between the taps of the window: a wider receptive field at the same cost."""

    kind: Literal["dilated"] = "dilated"
    dilation_rate: int = Field(
        2,
        ge=1,
        le=16,
        title="Dilation rate",
        description="Distance between the taps of the window. 1 is a normal convolution.",
    )

    @model_validator(mode="after")
    def _no_stride_with_dilation(self) -> Self:
        if self.strides > 1 and self.dilation_rate > 1:
            raise PydanticCustomError(
                "strides",
                "A dilated convolution cannot have a stride as well. Set the stride or the "
                "dilation rate to 1",
                {"field": "strides"},
            )
        return self


class PointwiseConv(Block):
    """A 1 x 1 convolution: mixes channels, looks at no neighbours."""

    kind: Literal["pointwise"] = "pointwise"
    kernel_size: Literal[1] = Field(
        1, title="Kernel size", description="Always 1: a pointwise convolution has no window."
    )


Convolution = Annotated[
    NormalConv | SpatiallySeparableConv | DepthwiseSeparableConv | DilatedConv | PointwiseConv,
    Field(discriminator="kind"),
]
"""Any kind of convolution."""
