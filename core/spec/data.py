"""Which images a run learns from, and how they are split, scaled and varied."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from core.spec.base import Spec


class InputScaling(StrEnum):
    """How pixel values 0..255 enter the model. It is part of the model itself."""

    UNIT = "unit"
    STANDARDIZED = "standardized"


class RandAugment(Spec):
    """A few random operations an image, out of fourteen: turn, shear, shift, colour, contrast ...

    Operations and their ranges are the paper's (arXiv 1909.13719): two numbers in place of a
    policy that has to be searched for.
    """

    num_operations: int = Field(
        2,
        ge=1,
        le=5,
        title="Operations",
        description="How many an image, one after the other.",
    )
    magnitude: int = Field(
        5,
        ge=1,
        le=10,
        title="Magnitude",
        description="How far each may go: at 10 a turn by 30 degrees, a shift by 45 % of the "
        "side, colours nearly gone or nearly doubled. Larger models bear more.",
    )


class Augmentation(Spec):
    """Random variations of the training images, drawn anew every epoch. All off by default.

    RandAugment comes first, then mixup or CutMix, both on pixels as they are fed; then scaling
    and, as layers of the model, the others in the order of these fields.
    """

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
    mixup: float = Field(
        0.0,
        ge=0.0,
        le=4.0,
        title="Mixup",
        description="Blend each image, and its label, with another of its batch. The share is "
        "drawn from Beta(alpha, alpha): 0.2 mostly a trace of the other, 1 any share. 0: off. "
        "With CutMix, a coin decides for every batch.",
        json_schema_extra={"unit": "alpha", "step": 0.1},
    )
    cutmix: float = Field(
        0.0,
        ge=0.0,
        le=4.0,
        title="CutMix",
        description="Paste a random rectangle of another image of the batch; the label is shared "
        "out by area, drawn from Beta(alpha, alpha): 1 any area. 0: off. While labels are mixed, "
        "training accuracy asks for the class with the larger share and stays low.",
        json_schema_extra={"unit": "alpha", "step": 0.1},
    )
    rand_augment: RandAugment | None = Field(
        None,
        title="RandAugment",
        description="Random operations on each image, drawn out of fourteen. Some of them change "
        "colours: not for images whose colour is their class.",
    )

    @property
    def mixes_labels(self) -> bool:
        """Whether an image may belong to two classes, each by a share."""
        return self.mixup > 0 or self.cutmix > 0


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
