"""The model's first layers: scaling of pixel values, and augmentation while training.

Augmentation comes after scaling, so that a cutout is filled with 0: black with ``unit``, the data
set's mean colour with ``standardized``.
"""

from __future__ import annotations

from core.models.graph import Draft
from core.spec.data import Augmentation, Data, InputScaling

FILL_MODE = "nearest"
"""How shift, rotation and zoom fill the area beyond the border: the border's pixels are repeated.

Unlike a constant it adds no new colour, and unlike a reflection no second copy of the object. Many
published scores come from Keras' older ImageDataGenerator, which does the same.
"""


def append_scaling(draft: Draft, x: str, data: Data) -> str:
    """Append the layer that scales pixels 0..255 to 0..1, or standardises them."""
    op = "rescaling" if data.input_scaling is InputScaling.UNIT else "standardization"
    return draft.add(op, x, name="scaling", field="data.input_scaling")


def append_augmentation(draft: Draft, x: str, augmentation: Augmentation) -> str:
    """Append a random layer per augmentation that is on, in the order of the spec's fields."""
    field = "data.augmentation"
    if augmentation.horizontal_flip:
        name = "random_flip"
        x = draft.add(name, x, name=name, field=f"{field}.horizontal_flip")
    if augmentation.shift:
        name = "random_translation"
        x = draft.add(name, x, name=name, field=f"{field}.shift", factor=augmentation.shift)
    if augmentation.rotation:
        name, turns = "random_rotation", augmentation.rotation / 360.0
        x = draft.add(name, x, name=name, field=f"{field}.rotation", factor=turns)
    if augmentation.zoom:
        name = "random_zoom"
        x = draft.add(name, x, name=name, field=f"{field}.zoom", factor=augmentation.zoom)
    if augmentation.cutout:
        name = "random_erasing"
        x = draft.add(name, x, name=name, field=f"{field}.cutout", side=augmentation.cutout)
    return x
