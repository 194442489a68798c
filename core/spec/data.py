"""The images that a run trains on: data set, split, scaling and augmentation."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from core.spec.base import Spec


class InputScaling(StrEnum):
    """How the model scales pixel values 0..255."""

    UNIT = "unit"
    STANDARDIZED = "standardized"


class RandAugment(Spec):
    """A few random operations per image, out of fourteen: rotate, shear, shift, colour ...

    Operations and their ranges are the paper's (arXiv 1909.13719): two numbers in place of a
    policy that has to be searched for.
    """

    num_operations: int = Field(
        2,
        ge=1,
        le=5,
        title="Operations",
        description="Number of operations per image.",
    )
    magnitude: int = Field(
        5,
        ge=1,
        le=10,
        title="Magnitude",
        description="Strength of each operation. 10: rotation by 30 degrees, shift by 45 % of the "
        "side, colours nearly removed or doubled. Larger models tolerate more.",
    )


class Augmentation(Spec):
    """Random changes to the training images, different in every epoch. All off by default.

    RandAugment comes first, then mixup or CutMix, both on pixels as they are fed; then scaling
    and, as layers of the network, the others in the order of these fields.
    """

    horizontal_flip: bool = Field(
        False,
        title="Horizontal flip",
        description="Mirror half of the images. Suits photographs, but not digits.",
    )
    shift: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Shift",
        description="Move by up to this share of the side, in both directions.",
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
        description="Blank a random square. Its side, as a share of the image's side.",
        json_schema_extra={"step": 0.05},
    )
    mixup: float = Field(
        0.0,
        ge=0.0,
        le=4.0,
        title="Mixup",
        description="Blend each image and its label with another image of the batch. The share is "
        "sampled from Beta(alpha, alpha): 0.2 mostly a little of the other, 1 any share. 0: off. "
        "With CutMix too, each batch uses one of the two at random.",
        json_schema_extra={"unit": "alpha", "step": 0.1},
    )
    cutmix: float = Field(
        0.0,
        ge=0.0,
        le=4.0,
        title="CutMix",
        description="Paste a random rectangle of another image of the batch, and mix the labels by "
        "area, sampled from Beta(alpha, alpha): 1 any area. 0: off. With mixed labels, training "
        "accuracy counts the class with the larger share and stays low.",
        json_schema_extra={"unit": "alpha", "step": 0.1},
    )
    rand_augment: RandAugment | None = Field(
        None,
        title="RandAugment",
        description="Random operations on each image, chosen from fourteen. Some change colours: "
        "not for classes that differ by colour.",
    )

    @property
    def mixes_labels(self) -> bool:
        """Whether the label of an image may be a mix of two classes."""
        return self.mixup > 0 or self.cutmix > 0


class Data(Spec):
    """Data set, split, scaling and augmentation."""

    dataset: str = Field(
        "cifar10",
        min_length=1,
        max_length=64,
        pattern=r"^[a-z0-9_]+$",
        title="Data set",
        description="The images and classes. It sets the sizes of the model's input and output.",
    )
    validation_fraction: float = Field(
        0.1,
        ge=0.01,
        le=0.5,
        title="Validation share",
        description="Share of the training images of every class that is held out to compare runs. "
        "The test images are separate and are not used.",
        json_schema_extra={"step": 0.05},
    )
    split_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Split seed",
        description="Decides which images are held out. Compare runs with the same split.",
        json_schema_extra={"advanced": True},
    )
    train_size: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        title="Training images",
        description="Train on only this many images, the same number per class. Empty: all. 5,000 "
        "show overfitting in minutes.",
        json_schema_extra={"step": 1000},
    )
    input_scaling: InputScaling = Field(
        InputScaling.UNIT,
        title="Input scaling",
        description="unit: pixels from 0 to 1. standardized: per channel, minus the mean of the "
        "data set, divided by its standard deviation.",
    )
    augmentation: Augmentation = Field(
        Augmentation(),
        title="Augmentation",
        description="Random changes to the training images.",
    )
