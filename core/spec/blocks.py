"""Kinds of convolution: one class per kind, distinguished by ``kind``.

To add one: a class here, its name in ``Convolution``, a file in ``core/models/blocks/``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.spec.base import Spec


class Activation(StrEnum):
    """Activation functions, by their names in Keras."""

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
    """Fields of every kind of convolution."""

    repeats: int = Field(
        1,
        ge=1,
        le=32,
        title="Repeats",
        description="How many of this convolution follow one another.",
    )
    activation: Activation | None = Field(
        None,
        title="Activation",
        description="Empty: the activation of the model.",
        json_schema_extra={"advanced": True},
    )


class Window(Block):
    """A block with one window that slides over the image."""

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


class PaddedWindow(Window):
    """A window with a choice of padding."""

    padding: Padding = Field(
        Padding.SAME,
        title="Padding",
        description="same: the image keeps its size. valid: it shrinks by kernel size minus one.",
        json_schema_extra={"advanced": True},
    )


class Filters(Spec):
    """A block with a number of output channels."""

    filters: int = Field(
        32,
        ge=1,
        le=4096,
        title="Filters",
        description="Number of feature maps that the layer outputs. More filters: more capacity, "
        "more parameters, slower.",
    )


class Conv(PaddedWindow, Filters):
    """A window and a number of filters: most kinds."""


class NormalConv(Conv):
    """A standard convolution: every filter covers all channels."""

    kind: Literal["normal"] = "normal"


class SpatiallySeparableConv(Conv):
    """A k x 1 convolution, then 1 x k: 2k weights per channel pair instead of k squared."""

    kind: Literal["spatially_separable"] = "spatially_separable"


class DepthwiseSeparableConv(Conv):
    """One window per channel, then a pointwise convolution that mixes the channels."""

    kind: Literal["depthwise_separable"] = "depthwise_separable"


class DepthwiseConv(PaddedWindow):
    """One window per channel, without mixing the channels: the fewest weights of all kinds."""

    kind: Literal["depthwise"] = "depthwise"
    depth_multiplier: int = Field(
        1,
        ge=1,
        le=64,
        title="Depth multiplier",
        description="Output channels per input channel.",
    )


class GroupedConv(Conv):
    """Channels in g equal groups with filters of their own: 1/g of the weights."""

    kind: Literal["grouped"] = "grouped"
    groups: int = Field(
        2,
        ge=1,
        le=1024,
        title="Groups",
        description="Must divide the input channels and the filters. 1 is a normal convolution.",
    )


class GroupWindow(Spec):
    """The window of one group of channels."""

    kernel_size: int = Field(
        3,
        ge=1,
        le=63,
        title="Kernel size",
        description="Side of this group's window.",
        json_schema_extra={"unit": "px"},
    )
    dilation_rate: int = Field(
        1,
        ge=1,
        le=16,
        title="Dilation rate",
        description="Distance between the taps of this group's window. 1: no gaps.",
    )


class MixedGroupsConv(Block, Filters):
    """Channels in groups with a window each: 3 x 3 and 5 x 5, or with and without dilation."""

    kind: Literal["mixed_groups"] = "mixed_groups"
    windows: tuple[GroupWindow, ...] = Field(
        (GroupWindow(kernel_size=3), GroupWindow(kernel_size=5)),
        min_length=2,
        max_length=8,
        title="Windows",
        description="One window per group. Each group has an equal share of the channels and the "
        "filters. The image keeps its size.",
    )


class DilatedConv(Conv):
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


class PointwiseConv(Conv):
    """A 1 x 1 convolution: mixes the channels of each pixel."""

    kind: Literal["pointwise"] = "pointwise"
    kernel_size: Literal[1] = Field(
        1, title="Kernel size", description="Always 1: a pointwise convolution has no window."
    )


class ResidualOrder(StrEnum):
    """Where a residual unit has its normalisations and activations."""

    CLASSIC = "classic"
    PRE_ACTIVATION = "pre_activation"


class ResidualUnit(Window, Filters):
    """Two convolutions and a shortcut: the sum of their output and their input."""

    kind: Literal["residual"] = "residual"
    order: ResidualOrder = Field(
        ResidualOrder.CLASSIC,
        title="Order",
        description="classic: normalisation and activation after each convolution, and an "
        "activation after the sum. pre_activation: both before each convolution, and nothing on "
        "the shortcut, which trains deeper networks.",
    )


class InvertedResidual(Window, Filters):
    """MobileNet's unit: widen by 1 x 1, one window per channel, narrow by 1 x 1, add the input."""

    kind: Literal["inverted_residual"] = "inverted_residual"
    expansion: int = Field(
        6,
        ge=1,
        le=16,
        title="Expansion",
        description="Channels in the middle, as a multiple of the input channels. 1: no widening.",
    )


Convolution = Annotated[
    NormalConv
    | SpatiallySeparableConv
    | DepthwiseSeparableConv
    | DepthwiseConv
    | GroupedConv
    | MixedGroupsConv
    | DilatedConv
    | PointwiseConv
    | ResidualUnit
    | InvertedResidual,
    Field(discriminator="kind"),
]
"""Any kind of convolution."""
