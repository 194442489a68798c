"""A backbone in front of the dense layers: which model, its weights, its trainable layers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from core.spec.base import Line, Spec


class Trainable(StrEnum):
    """Which of a backbone's layers are trained. The others are frozen, batch norm included."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


class ImagenetWeights(Spec):
    """Trained on 1.3 million photographs of 1,000 classes; Keras downloads and keeps them."""

    kind: Literal["imagenet"] = "imagenet"


class FileWeights(Spec):
    """From a weights file on this machine, as Keras writes it for the backbone without a head."""

    kind: Literal["file"] = "file"
    path: Line = Field(
        "",
        max_length=4096,
        title="Weights file",
        description="Path of an .h5, .weights.h5 or .keras file on the machine that trains.",
    )


class RunWeights(Spec):
    """From the best model of another run in this results folder with the same backbone."""

    kind: Literal["run"] = "run"
    run: Line = Field(
        "",
        max_length=64,
        title="Run",
        description="Its id, or the beginning of it if no other id begins the same.",
    )


class RandomWeights(Spec):
    """Random weights: the model is trained from scratch, which needs many images."""

    kind: Literal["none"] = "none"


BackboneWeights = Annotated[
    ImagenetWeights | FileWeights | RunWeights | RandomWeights, Field(discriminator="kind")
]
"""Where a backbone's weights come from."""


class Backbone(Spec):
    """A model of keras.applications without its head, in place of your own stages."""

    network: str = Field(
        "MobileNetV2",
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9]+$",
        title="Model",
        description="Its name in keras.applications, with its number of parameters. Images are "
        "scaled as it expects.",
    )
    image_size: int | None = Field(
        None,
        ge=1,
        le=1024,
        title="Image size",
        description="Images are resized to a square of this side inside the model. Empty: the "
        "backbone's default, mostly 224. Half the side takes a quarter of the time.",
        json_schema_extra={"unit": "px", "step": 32},
    )
    weights: BackboneWeights = Field(
        ImagenetWeights(), title="Weights", description="The weights before training."
    )
    trainable: Trainable = Field(
        Trainable.NONE,
        title="Trainable layers",
        description="none: the backbone is frozen, and only the layers after it are trained. last: "
        "its last layers are trained too. all: all layers are trained.",
    )
    unfrozen_layers: int = Field(
        20,
        ge=1,
        le=10_000,
        title="Unfrozen layers",
        description="With last: how many of its layers are trained, counted from its end as Keras "
        "counts them (activations and additions included).",
    )
