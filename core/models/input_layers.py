"""The model's first layers: scaling of pixel values, and augmentation while training.

Augmentation comes after scaling, so that what a cut-out blanks becomes 0: black under
``unit``, the data set's mean colour under ``standardized``.
"""

from __future__ import annotations

from core.models.graph import Draft
from core.spec.data import Augmentation, Data, InputScaling

FILL_MODE = "nearest"
"""What shift, rotation and zoom draw beyond the border: its last pixels, repeated.

It brings in no colour that the image does not have, unlike a constant, and no second copy of
the object, unlike a reflection. It is also what Keras' older ImageDataGenerator does, from
which many published scores come.
"""


def append_scaling(draft: Draft, x: str, data: Data) -> str:
    """Pixels 0..255 become 0..1, or are standardised with the data set's own statistics."""
    op = "rescaling" if data.input_scaling is InputScaling.UNIT else "standardization"
    return draft.add(op, x, name="scaling", field="data.input_scaling")


def append_augmentation(draft: Draft, x: str, augmentation: Augmentation) -> str:
    """Random layers for what is switched on, in the order of the spec's fields."""
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
