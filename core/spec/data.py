"""Which images a run learns from, and how they are split, scaled and varied."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from core.spec.base import Spec


class InputScaling(StrEnum):
    """How pixel values 0..255 enter the network. It is part of the network itself."""

    UNIT = "unit"
    STANDARDIZED = "standardized"


class Augmentation(Spec):
    """Random variations of the training images, drawn anew every epoch. All off by default."""

    horizontal_flip: bool = Field(
        False,
        title="Horizontal flip",
        description="Mirror half of the images. Wrong for digits, right for photographs.",
    )
    shift: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Shift",
        description="Move by up to this share of the side, both ways.",
        json_schema_extra={"step": 0.05},
    )
    rotation: float = Field(
        0.0,
        ge=0.0,
        le=180.0,
        title="Rotation",
        description="Turn by up to this many degrees, both ways.",
        json_schema_extra={"unit": "degrees", "step": 5.0},
    )
    zoom: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Zoom",
        description="Enlarge or shrink by up to this share.",
        json_schema_extra={"step": 0.05},
    )
    cutout: float = Field(
        0.0,
        ge=0.0,
        le=0.75,
        title="Cutout",
        description="Side of a random square that is blanked, as a share of the image's side.",
        json_schema_extra={"step": 0.05},
    )


class Data(Spec):
    """Data set, split, scaling and augmentation."""

    dataset: str = Field(
        "cifar10",
        min_length=1,
        max_length=64,
        pattern=r"^[a-z0-9_]+$",
        title="Data set",
        description="Input and output sizes follow it.",
    )
    validation_fraction: float = Field(
        0.1,
        ge=0.01,
        le=0.5,
        title="Validation share",
        description="Share of the training images held out to compare runs by, the same share of "
        "every class. The test images are a third set and are not touched.",
        json_schema_extra={"step": 0.05},
    )
    split_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Split seed",
        description="Which images are held out. Keep it, so that runs can be compared.",
        json_schema_extra={"advanced": True},
    )
    train_size: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        title="Training images",
        description="Learn from only so many images, the same number of every class. Empty: all. "
        "5,000 shows overfitting in minutes.",
        json_schema_extra={"step": 1000},
    )
    input_scaling: InputScaling = Field(
        InputScaling.UNIT,
        title="Input scaling",
        description="unit: pixels from 0 to 1. standardized: minus the data set's own mean, "
        "divided by its standard deviation, per channel.",
    )
    augmentation: Augmentation = Field(
        Augmentation(),
        title="Augmentation",
        description="Random variations of the training images.",
    )
