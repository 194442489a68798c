"""The client's verb for pictures to try a network on, out of its own validation split."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from core.settings import Settings
from core.spec import Data

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Sample:
    """One picture of a data set as a PNG file, and its true class."""

    name: str
    content: bytes
    label: str


def validation_samples(data: Data, settings: Settings, count: int, seed: int) -> list[Sample]:
    """Images that training with ``data`` validates on and never trains on.

    Raises DatasetUnavailable when the data set is not decoded, or DatasetCorrupt.
    """
    # Imported here: only who asks for pictures waits for NumPy.
    import numpy as np

    from core.datasets.opened import open_dataset
    from core.datasets.split import split_of

    opened = open_dataset(data.dataset, settings)
    indices = split_of(data, opened.train_labels).validation_indices
    rng = np.random.default_rng(seed)
    chosen = rng.choice(indices, size=min(count, len(indices)), replace=False)
    return [
        Sample(
            name=f"{data.dataset}-validation-{index}.png",
            content=_as_png(opened.train_images[index]),
            label=opened.class_names[int(opened.train_labels[index])],
        )
        for index in chosen
    ]


def _as_png(image: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file, "PNG")
    return file.getvalue()
