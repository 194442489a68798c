"""A pretrained backbone in place of stages: its model, its weights, and which layers train."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from core.spec.base import Line, Spec


class Trainable(StrEnum):
    """Which layers of a backbone train. The others are frozen, their batch norm included."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


class ImagenetWeights(Spec):
    """Trained on 1.3 million photographs of 1,000 classes. Keras downloads and caches them."""

    kind: Literal["imagenet"] = "imagenet"


class FileWeights(Spec):
    """From a weights file on this machine, as Keras saves it for this model without its head."""

    kind: Literal["file"] = "file"
    path: Line = Field(
        "",
        max_length=4096,
        title="Weights file",
        description="Path of an .h5, .weights.h5 or .keras file on the machine that trains.",
    )


class RunWeights(Spec):
    """From the best model of another run that has the same backbone."""

    kind: Literal["run"] = "run"
    run: Line = Field(
        "", max_length=64, title="Run", description="Its id, or the first characters of it."
    )


class RandomWeights(Spec):
    """Random weights: the model is trained from scratch, which needs many images."""

    kind: Literal["none"] = "none"


BackboneWeights = Annotated[
    ImagenetWeights | FileWeights | RunWeights | RandomWeights, Field(discriminator="kind")
]
"""Where a backbone's weights come from."""


class Backbone(Spec):
    """A model of keras.applications without its head, in place of stages."""

    network: str = Field(
        "MobileNetV2",
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9]+$",
        title="Architecture",
        description="Name in keras.applications, with the number of parameters. Images are scaled "
        "as the architecture expects them.",
    )
    image_size: int | None = Field(
        None,
        ge=1,
        le=1024,
        title="Image size",
        description="The model resizes images to a square of this side. Empty: the size that the "
        "architecture was made for, mostly 224. Half the side takes a quarter of the time.",
        json_schema_extra={"unit": "px", "step": 32},
    )
    weights: BackboneWeights = Field(
        ImagenetWeights(), title="Weights", description="The weights that training starts from."
    )
    trainable: Trainable = Field(
        Trainable.NONE,
        title="Trainable layers",
        description="none: the backbone is frozen, and only the layers after it train. last: its "
        "last layers train too. all: the whole backbone trains.",
    )
    unfrozen_layers: int = Field(
        20,
        ge=1,
        le=10_000,
        title="Unfrozen layers",
        description="With last: the number of layers that train, counted from the end as Keras "
        "counts them (activations and additions included).",
    )
