"""A ready-made model in front of the dense layers: which one, its weights, what of it learns."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from core.spec.base import Line, Spec


class Trainable(StrEnum):
    """Which of a backbone's layers learn. The rest is frozen, batch norm at rest included."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


class ImagenetWeights(Spec):
    """Learnt on 1.3 million photographs of 1,000 classes; Keras fetches and keeps them."""

    kind: Literal["imagenet"] = "imagenet"


class FileWeights(Spec):
    """From a weights file on this machine, as Keras writes it for this model without its top."""

    kind: Literal["file"] = "file"
    path: Line = Field(
        "",
        max_length=4096,
        title="Weights file",
        description="Path of an .h5, .weights.h5 or .keras file on the machine that trains.",
    )


class RunWeights(Spec):
    """From the best model of another run of this lab that has the same backbone."""

    kind: Literal["run"] = "run"
    run: Line = Field(
        "", max_length=64, title="Run", description="Its id, or a start that no other run shares."
    )


class RandomWeights(Spec):
    """Random ones: the model learns from nothing, for which it needs many images."""

    kind: Literal["none"] = "none"


BackboneWeights = Annotated[
    ImagenetWeights | FileWeights | RunWeights | RandomWeights, Field(discriminator="kind")
]
"""Where a backbone's weights come from."""


class Backbone(Spec):
    """A model of keras.applications without its top, in place of stages of one's own."""

    network: str = Field(
        "MobileNetV2",
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9]+$",
        title="Model",
        description="By its name in keras.applications, with the number of its parameters. Images "
        "are scaled as it expects them.",
    )
    image_size: int | None = Field(
        None,
        ge=1,
        le=1024,
        title="Image size",
        description="Images are resized to a square of this side inside the model. Empty: the "
        "model's own, mostly 224. Half the side takes a quarter of the time.",
        json_schema_extra={"unit": "px", "step": 32},
    )
    weights: BackboneWeights = Field(
        ImagenetWeights(), title="Weights", description="What the model knows at the start."
    )
    trainable: Trainable = Field(
        Trainable.NONE,
        title="What learns",
        description="none: the backbone is frozen and only the layers after it learn. last: its "
        "last layers learn too. all: everything does.",
    )
    unfrozen_layers: int = Field(
        20,
        ge=1,
        le=10_000,
        title="Layers unfrozen",
        description="With last: how many of its layers learn, counted from its end as Keras "
        "counts them (activations and additions included).",
    )
