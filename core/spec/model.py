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
    """How a stage shrinks its feature maps at its end."""

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
    """How kernels start. Names are Keras' own."""

    GLOROT_UNIFORM = "glorot_uniform"
    HE_NORMAL = "he_normal"
    HE_UNIFORM = "he_uniform"


class Stage(Spec):
    """A convolution unit: convolutions one after the other, pooling, dropout."""

    convolutions: tuple[Convolution, ...] = Field(
        (NormalConv(),),
        min_length=1,
        max_length=16,
        title="Convolutions",
        description="In the order in which the image passes them.",
    )
    pooling: Pooling = Field(
        Pooling.MAX,
        title="Pooling",
        description="What shrinks the feature maps after them. "
        "strided_convolution: a convolution that learns how, with as many filters as maps come in, "
        "then normalisation and activation.",
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
        description="Empty: the model's own rate after convolution units.",
        json_schema_extra={"step": 0.05},
    )


class Dense(Spec):
    """A hidden dense layer."""

    units: int = Field(
        128, ge=1, le=65536, title="Units", description="How many outputs the layer has."
    )
    activation: Activation | None = Field(
        None,
        title="Activation",
        description="Empty: the model's own activation.",
        json_schema_extra={"advanced": True},
    )
    dropout: float | None = Field(
        None,
        ge=0.0,
        le=0.9,
        title="Dropout",
        description="Empty: the model's own rate after dense layers.",
        json_schema_extra={"step": 0.05},
    )


class Model(Spec):
    """A convolutional model. Input and output sizes follow the data set."""

    backbone: Backbone | None = Field(
        None,
        title="Pretrained backbone",
        description="A ready-made model in place of stages of your own.",
    )
    own: OwnModel | None = Field(
        None,
        title="Model of your own code",
        description="In place of everything below but the data's layers. From Python only.",
        # A form could only break it.
        json_schema_extra={"hidden": True},
    )
    stages: tuple[Stage, ...] = Field(
        (Stage(),),
        max_length=12,
        title="Stages",
        description="Convolution units, from the image inwards. None with a backbone.",
    )
    flatten: Flattening = Field(
        Flattening.FLATTEN,
        title="From maps to a vector",
        description="flatten keeps every position (many parameters in the next dense layer); "
        "global pooling keeps one number a map.",
    )
    dense: tuple[Dense, ...] = Field(
        (),
        max_length=8,
        title="Dense layers",
        description="Hidden layers before the output layer, which has one unit a class.",
    )
    activation: Activation = Field(
        Activation.RELU,
        title="Activation",
        description="After every convolution and hidden dense layer that names none of its own.",
    )
    normalization: Normalization = Field(
        Normalization.NONE,
        title="Normalisation",
        description="batch: batch norm after every convolution, before its activation; the "
        "convolution then needs no bias. layer and group look at one image alone, so that they "
        "work with small batches and the same way outside training.",
    )
    normalization_groups: int = Field(
        8,
        ge=1,
        le=1024,
        title="Groups of group normalisation",
        description="Channels that are normalised together: how many such groups there are. Must "
        "divide the channels of every layer that is normalised.",
        json_schema_extra={"advanced": True},
    )
    dense_normalization: bool = Field(
        False,
        title="Normalise dense layers too",
        description="After every hidden dense layer as well; batch norm where the model has no "
        "normalisation.",
        json_schema_extra={"advanced": True},
    )
    kernel_initializer: Initializer = Field(
        Initializer.GLOROT_UNIFORM,
        title="Kernel initialiser",
        description="How weights start. he_* suits ReLU in deep models.",
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
        """Stages that nobody asked for give way to a backbone, or to a model of one's own."""
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
            "Got a backbone and stages. Expected one of the two: take the stages out, or the "
            "backbone"
            if self.stages
            else "Got no stage. Expected at least one, or a backbone in their place",
            {"field": "stages"},
        )
