"""The images that a run is trained on: data set, split, scaling and augmentation."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from core.spec.base import Spec


class InputScaling(StrEnum):
    """How pixel values 0..255 are scaled. The scaling is a layer of the model."""

    UNIT = "unit"
    STANDARDIZED = "standardized"


class RandAugment(Spec):
    """A few random operations per image, out of fourteen: rotation, shear, shift, colour ...

    Operations and their ranges are those of the paper (arXiv 1909.13719), which replaces a
    searched policy by two numbers.
    """

    num_operations: int = Field(
        2,
        ge=1,
        le=5,
        title="Operations",
        description="How many per image, one after the other.",
    )
    magnitude: int = Field(
        5,
        ge=1,
        le=10,
        title="Magnitude",
        description="How strong each may be: at 10 a rotation by 30 degrees, a shift by 45 % of "
        "the side, colours nearly gone or nearly doubled. Larger models need more.",
    )


class Augmentation(Spec):
    """Random changes to the training images, different in every epoch. All off by default.

    RandAugment comes first, then mixup or CutMix: these change the input pixels. Scaling and the
    other augmentations are layers of the model, in the order of these fields.
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
        description="Move by up to this share of the side, in all directions.",
        json_schema_extra={"step": 0.05},
    )
    rotation: float = Field(
        0.0,
        ge=0.0,
        le=180.0,
        title="Rotation",
        description="Rotate by up to this many degrees, in both directions.",
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
        description="Blend each image, and its label, with another of its batch. The share follows "
        "Beta(alpha, alpha): with 0.2 mostly a trace of the other, with 1 any share. 0: off. "
        "With CutMix on too, each batch gets one of the two at random.",
        json_schema_extra={"unit": "alpha", "step": 0.1},
    )
    cutmix: float = Field(
        0.0,
        ge=0.0,
        le=4.0,
        title="CutMix",
        description="Paste a random rectangle of another image of the batch; the labels are mixed "
        "by area, which follows Beta(alpha, alpha): with 1 any area. 0: off. With mixed labels, "
        "training accuracy counts the class with the larger share and stays low.",
        json_schema_extra={"unit": "alpha", "step": 0.1},
    )
    rand_augment: RandAugment | None = Field(
        None,
        title="RandAugment",
        description="Random operations on each image, out of fourteen. Some of them change "
        "colours: not for data sets whose classes differ by colour.",
    )

    @property
    def mixes_labels(self) -> bool:
        """Whether an image may have two classes, each with a share."""
        return self.mixup > 0 or self.cutmix > 0


class Data(Spec):
    """Data set, split, scaling and augmentation."""

    dataset: str = Field(
        "cifar10",
        min_length=1,
        max_length=64,
        pattern=r"^[a-z0-9_]+$",
        title="Data set",
        description="It gives the sizes of the model's input and output.",
    )
    validation_fraction: float = Field(
        0.1,
        ge=0.01,
        le=0.5,
        title="Validation share",
        description="Share of the training images that is held out to compare runs, the same of "
        "every class. The test images are a third set and are not used.",
        json_schema_extra={"step": 0.05},
    )
    split_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Split seed",
        description="Decides which images are held out. Keep it, so that runs can be compared.",
        json_schema_extra={"advanced": True},
    )
    train_size: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        title="Training images",
        description="Train on only so many images, the same number of every class. Empty: all. "
        "5,000 show overfitting in minutes.",
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
        description="Random changes to the training images.",
    )
