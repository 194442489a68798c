"""Kinds of convolution: one class per kind, named by its field ``kind``.

To add one: a class here, its name in ``Convolution``, a file in ``core/models/blocks/``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.spec.base import Spec


class Activation(StrEnum):
    """The function after a layer's weighted sum. Names are Keras' own."""

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
    """The fields of every kind of convolution."""

    repeats: int = Field(
        1,
        ge=1,
        le=32,
        title="Repeats",
        description="How many times this convolution is repeated in a row.",
    )
    activation: Activation | None = Field(
        None,
        title="Activation",
        description="Empty: the model's own activation.",
        json_schema_extra={"advanced": True},
    )


class Window(Block):
    """A block with one sliding window."""

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
    """A block with a number of filters."""

    filters: int = Field(
        32,
        ge=1,
        le=4096,
        title="Filters",
        description="How many feature maps the layer outputs. More filters: more capacity, "
        "more parameters, slower.",
    )


class Conv(PaddedWindow, Filters):
    """A window and a number of filters: the fields of most kinds."""


class NormalConv(Conv):
    """Every filter reads all channels of its window."""

    kind: Literal["normal"] = "normal"


class SpatiallySeparableConv(Conv):
    """A k x 1 convolution, then 1 x k: 2k weights per pair of channels instead of k squared."""

    kind: Literal["spatially_separable"] = "spatially_separable"


class DepthwiseSeparableConv(Conv):
    """One window per channel, then a pointwise convolution that mixes the channels."""

    kind: Literal["depthwise_separable"] = "depthwise_separable"


class DepthwiseConv(PaddedWindow):
    """One window per channel, and channels are not mixed: the fewest weights of all kinds."""

    kind: Literal["depthwise"] = "depthwise"
    depth_multiplier: int = Field(
        1,
        ge=1,
        le=64,
        title="Depth multiplier",
        description="Feature maps per input channel.",
    )


class GroupedConv(Conv):
    """Equal groups of channels, each with its own filters: g groups need 1/g of the weights."""

    kind: Literal["grouped"] = "grouped"
    groups: int = Field(
        2,
        ge=1,
        le=1024,
        title="Groups",
        description="Must divide both the input channels and the filters. 1 is a normal "
        "convolution.",
    )


class GroupWindow(Spec):
    """One group of channels and its window."""

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
        description="Distance between the taps of this group's window. 1 leaves no gaps.",
    )


class MixedGroupsConv(Block, Filters):
    """Groups of channels, each with its own window: 3 x 3 and 5 x 5, or dense and dilated."""

    kind: Literal["mixed_groups"] = "mixed_groups"
    windows: tuple[GroupWindow, ...] = Field(
        (GroupWindow(kernel_size=3), GroupWindow(kernel_size=5)),
        min_length=2,
        max_length=8,
        title="Windows",
        description="One per group. A group reads its share of the channels and has its share of "
        "the filters. The image keeps its size.",
    )


class DilatedConv(Conv):
    """Gaps between the taps of the window: a larger receptive field at the same cost."""

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
                "A dilated convolution cannot have a stride too. Set the stride or the "
                "dilation rate to 1",
                {"field": "strides"},
            )
        return self


class PointwiseConv(Conv):
    """A 1 x 1 convolution: it mixes channels, and reads no neighbouring pixels."""

    kind: Literal["pointwise"] = "pointwise"
    kernel_size: Literal[1] = Field(1, title="Kernel size", description="Always 1.")


class Unit(Window, Filters):
    """Several layers with a shortcut, which stochastic depth may skip."""


class ResidualOrder(StrEnum):
    """The order of the layers in a residual unit."""

    CLASSIC = "classic"
    PRE_ACTIVATION = "pre_activation"


class ResidualUnit(Unit):
    """Two convolutions and a shortcut: the convolutions learn what to add to their input."""

    kind: Literal["residual"] = "residual"
    order: ResidualOrder = Field(
        ResidualOrder.CLASSIC,
        title="Order",
        description="classic: normalisation and activation after each convolution, and an "
        "activation after the sum. pre_activation: both before each convolution, and nothing on "
        "the shortcut, so that deeper models can be trained.",
    )


class InvertedResidual(Unit):
    """MobileNet's unit: 1 x 1 expansion, depthwise convolution, 1 x 1 projection, shortcut."""

    kind: Literal["inverted_residual"] = "inverted_residual"
    expansion: int = Field(
        6,
        ge=1,
        le=16,
        title="Expansion",
        description="How many times more channels the middle has than the input. 1: no expansion.",
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
