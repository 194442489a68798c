"""Regularisation: what keeps a model from memorising its training images."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from core.spec.base import Spec


class Normalization(StrEnum):
    """The normalisation between a convolution and its activation."""

    NONE = "none"
    BATCH = "batch"
    LAYER = "layer"
    GROUP = "group"


class DropoutKind(StrEnum):
    """What dropout after a stage sets to zero."""

    PLAIN = "plain"
    SPATIAL = "spatial"


class Regularization(Spec):
    """Rates and coefficients for the whole model; a stage or dense layer may override its rate."""

    conv_dropout: float = Field(
        0.0,
        ge=0.0,
        le=0.9,
        title="Dropout after stages",
        description="Share of activations set to zero after each stage while training. "
        "0 is off; 0.25 is usual.",
        json_schema_extra={"step": 0.05},
    )
    dropout_kind: DropoutKind = Field(
        DropoutKind.PLAIN,
        title="Kind of dropout after stages",
        description="plain: single values. spatial: whole feature maps, because neighbouring "
        "values of a map are nearly the same.",
        json_schema_extra={"advanced": True},
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
    conv_l1: float = Field(
        0.0,
        ge=0.0,
        le=10.0,
        title="L1 on convolution kernels",
        description="Adds coefficient x sum of absolute weights to the loss, which drives many of "
        "them to zero. 1e-5 is usual. With L2 as well, both are added.",
        json_schema_extra={"advanced": True, "step": 0.00001},
    )
    dense_l1: float = Field(
        0.0,
        ge=0.0,
        le=10.0,
        title="L1 on dense kernels",
        description="The same for the dense layers, the output layer included.",
        json_schema_extra={"advanced": True, "step": 0.00001},
    )
    stochastic_depth: float = Field(
        0.0,
        ge=0.0,
        le=0.9,
        title="Stochastic depth",
        description="Residual units only: share of images for which the last unit is skipped "
        "while training; for earlier units the share falls linearly to 0. 0 is off; 0.2 is usual "
        "in deep models.",
        json_schema_extra={"advanced": True, "step": 0.05},
    )
