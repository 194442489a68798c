"""The model: stages of convolutions or a backbone, then a head of dense layers."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.spec.backbone import Backbone
from core.spec.base import Spec
from core.spec.blocks import Activation, Convolution, NormalConv
from core.spec.own import OwnModel
from core.spec.regularizers import Normalization, Regularization


class Pooling(StrEnum):
    """How a stage downsamples its feature maps at its end."""

    MAX = "max"
    AVERAGE = "average"
    STRIDED_CONVOLUTION = "strided_convolution"
    NONE = "none"


class Flattening(StrEnum):
    """How feature maps become one vector for the dense layers."""

    FLATTEN = "flatten"
    GLOBAL_AVERAGE = "global_average"
    GLOBAL_MAX = "global_max"


class Initializer(StrEnum):
    """How kernels are initialised. Names are Keras' own."""

    GLOROT_UNIFORM = "glorot_uniform"
    HE_NORMAL = "he_normal"
    HE_UNIFORM = "he_uniform"


class Stage(Spec):
    """Convolutions one after the other, pooling, dropout."""

    convolutions: tuple[Convolution, ...] = Field(
        (NormalConv(),),
        min_length=1,
        max_length=16,
        title="Convolutions",
        description="In the order in which the image passes through them.",
    )
    pooling: Pooling = Field(
        Pooling.MAX,
        title="Pooling",
        description="How the feature maps are downsampled after the convolutions. "
        "strided_convolution: a convolution with as many filters as input channels, then "
        "normalisation and activation.",
    )
    pool_size: int = Field(
        2,
        ge=2,
        le=16,
        title="Pool size",
        description="Side of the pooling window, and its step.",
        json_schema_extra={"advanced": True, "unit": "px"},
    )
    dropout: float | None = Field(
        None,
        ge=0.0,
        le=0.9,
        title="Dropout",
        description="Empty: the model's rate after stages.",
        json_schema_extra={"step": 0.05},
    )


class Dense(Spec):
    """A hidden dense layer."""

    units: int = Field(
        128, ge=1, le=65536, title="Units", description="Number of outputs of the layer."
    )
    activation: Activation | None = Field(
        None,
        title="Activation",
        description="Empty: the model's activation.",
        json_schema_extra={"advanced": True},
    )
    dropout: float | None = Field(
        None,
        ge=0.0,
        le=0.9,
        title="Dropout",
        description="Empty: the model's rate after dense layers.",
        json_schema_extra={"step": 0.05},
    )


class Model(Spec):
    """What is trained. The data set gives the sizes of its input and output."""

    backbone: Backbone | None = Field(
        None,
        title="Pretrained backbone",
        description="A pretrained model in place of your own stages.",
    )
    own: OwnModel | None = Field(
        None,
        title="Model of your own code",
        description="It replaces all layers but those of the data. From Python only.",
        # A form could only break it.
        json_schema_extra={"hidden": True},
    )
    stages: tuple[Stage, ...] = Field(
        (Stage(),),
        max_length=12,
        title="Stages",
        description="From the input to the output. None with a backbone.",
    )
    flatten: Flattening = Field(
        Flattening.FLATTEN,
        title="Flatten or global pooling",
        description="flatten keeps every position (many parameters in the next dense layer); "
        "global pooling keeps one number per feature map.",
    )
    dense: tuple[Dense, ...] = Field(
        (),
        max_length=8,
        title="Dense layers",
        description="Hidden layers before the output layer, which has one unit per class.",
    )
    activation: Activation = Field(
        Activation.RELU,
        title="Activation",
        description="After every convolution and hidden dense layer that has no other.",
    )
    normalization: Normalization = Field(
        Normalization.NONE,
        title="Normalisation",
        description="batch: batch norm after every convolution, before its activation; the "
        "convolution then needs no bias. layer and group normalise each image alone, so they work "
        "with small batches, and outside training as in it.",
    )
    normalization_groups: int = Field(
        8,
        ge=1,
        le=1024,
        title="Groups of group normalisation",
        description="Number of groups of channels that are normalised together. Must divide the "
        "channels of every normalised layer.",
        json_schema_extra={"advanced": True},
    )
    dense_normalization: bool = Field(
        False,
        title="Normalise dense layers too",
        description="After every hidden dense layer too; batch norm if the model has no "
        "normalisation.",
        json_schema_extra={"advanced": True},
    )
    kernel_initializer: Initializer = Field(
        Initializer.GLOROT_UNIFORM,
        title="Kernel initialiser",
        description="How weights are initialised. he_* suits ReLU in deep models.",
        json_schema_extra={"advanced": True},
    )
    regularization: Regularization = Field(
        Regularization(),
        title="Regularisation",
        description="Dropout, L1, L2 and stochastic depth for the whole model.",
    )

    @model_validator(mode="before")
    @classmethod
    def _no_stage_beside_a_backbone(cls, raw: Any) -> Any:
        """With a backbone or own code, the default is no stages."""
        if not isinstance(raw, Mapping) or "stages" in raw:
            return raw
        in_place = raw.get("backbone") is not None or raw.get("own") is not None
        return {**raw, "stages": ()} if in_place else raw

    @model_validator(mode="after")
    def _stages_or_backbone(self) -> Self:
        if self.own is not None and self.backbone is not None:
            sentence = "Got a backbone and a model of your own code. Expected one of the two"
            raise PydanticCustomError("own", sentence, {"field": "own"})
        if bool(self.stages) is (self.backbone is None and self.own is None):
            return self
        raise PydanticCustomError(
            "stages",
            "Got a backbone and stages. Expected one of the two: remove the stages, or the backbone"
            if self.stages
            else "Got no stage. Expected at least one, or a backbone instead",
            {"field": "stages"},
        )
