"""Images that were added to the page in this session, decoded once, and messages about them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from core.errors import ImageRefused
from core.inference.images import Pixels, read_image

MOST_IMAGES = 24
_SHOWN_SIDE = 320
_TINY_SIDE = 96


@dataclass(frozen=True)
class InputImage:
    """One image, as its file and as a data URI for the page."""

    name: str
    content: bytes
    digest: str
    """sha256 of ``content``."""
    shown: str
    """Data URI of the image, at most 320 pixels a side."""
    tiny: bool
    """Whether it is so small that its pixels are shown as squares."""
    true_class: str | None = None
    """Name of its class, for images of a data set."""


@dataclass
class InputImages:
    """The images on the page, the newest first."""

    images: list[InputImage] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def add(self, files: Iterable[tuple[str, bytes, str | None]]) -> None:
        """Add (name, content, true class); a file that is no image becomes a message."""
        self.messages = []
        added = []
        for name, content, true_class in files:
            try:
                added.append(_read(name, content, true_class))
            except ImageRefused as error:
                self.messages.append(str(error))
        digests = {image.digest for image in added}
        kept = [image for image in self.images if image.digest not in digests]
        every = list({image.digest: image for image in added}.values()) + kept
        self.images = every[:MOST_IMAGES]
        if len(every) > MOST_IMAGES:
            removed = len(every) - MOST_IMAGES
            self.messages.append(
                f"At most {MOST_IMAGES} images are shown: removed the oldest {removed}."
            )

    def note_lost(self) -> None:
        """Add the message that files which the browser still lists are gone."""
        self.messages.append(
            "The server restarted, and images that were added before are gone. Add them again."
        )

    def remove(self, digest: str) -> None:
        """Remove one image."""
        self.images = [each for each in self.images if each.digest != digest]

    def clear(self) -> None:
        """Remove all images and messages."""
        self.images, self.messages = [], []


def data_uri(image: Pixels) -> str:
    """Pixels of shape (H, W, C), unscaled, as the source of an ``img`` tag."""
    pixels = image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
    return _encoded(Image.fromarray(pixels), "PNG")


def _read(name: str, content: bytes, true_class: str | None) -> InputImage:
    decoded = Image.fromarray(read_image(content, name))
    tiny = max(decoded.size) <= _TINY_SIDE
    decoded.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
    shown = _encoded(decoded, "PNG" if tiny else "WEBP")
    digest = hashlib.sha256(content).hexdigest()
    return InputImage(name, content, digest, shown, tiny, true_class)


def _encoded(image: Image.Image, kind: str) -> str:
    file = BytesIO()
    image.save(file, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"
