"""What keeps a network from learning its training images by heart."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from core.spec.base import Spec


class Normalization(StrEnum):
    """What stands between a convolution and its activation."""

    NONE = "none"
    BATCH = "batch"
    LAYER = "layer"


class Regularization(Spec):
    """Rates and coefficients for the whole network; a stage or dense layer may override its own."""

    conv_dropout: float = Field(
        0.0,
        ge=0.0,
        le=0.9,
        title="Dropout after convolution units",
        description="Share of activations set to zero after each convolution unit while training. "
        "0 is off; 0.25 is usual.",
        json_schema_extra={"step": 0.05},
    )
    dense_dropout: float = Field(
        0.0,
        ge=0.0,
        le=0.9,
        title="Dropout after dense layers",
        description="Share of activations set to zero after each hidden dense layer while "
        "training. 0 is off; 0.5 is usual.",
        json_schema_extra={"step": 0.05},
    )
    conv_l2: float = Field(
        0.0,
        ge=0.0,
        le=10.0,
        title="L2 on convolution kernels",
        description="Adds coefficient x sum of squared weights to the loss. 1e-4 is usual; "
        "0.1 usually underfits.",
        json_schema_extra={"step": 0.0001},
    )
    dense_l2: float = Field(
        0.0,
        ge=0.0,
        le=10.0,
        title="L2 on dense kernels",
        description="The same for the dense layers, the output layer included.",
        json_schema_extra={"step": 0.0001},
    )
