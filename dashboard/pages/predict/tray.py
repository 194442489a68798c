"""Pictures that this visitor put on the page, decoded once, and those that were refused."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from core.errors import ImageRefused
from core.inference.images import Pixels, read_image

MOST_PICTURES = 24
_SHOWN_SIDE = 320
_TINY_SIDE = 96


@dataclass(frozen=True)
class Picture:
    """One picture. ``shown`` is a data URI of it, small enough for a page."""

    name: str
    content: bytes
    digest: str
    shown: str
    tiny: bool
    """So few pixels that each is drawn as a square."""
    truth: str | None = None
    """Its class, for pictures out of a data set."""


@dataclass
class Tray:
    """The newest picture comes first."""

    pictures: list[Picture] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def put(self, files: Iterable[tuple[str, bytes, str | None]]) -> None:
        """Take (name, content, true class) in; what cannot be read becomes a sentence."""
        self.refusals = []
        fresh = []
        for name, content, truth in files:
            try:
                fresh.append(_picture(name, content, truth))
            except ImageRefused as error:
                self.refusals.append(str(error))
        digests = {picture.digest for picture in fresh}
        kept = [picture for picture in self.pictures if picture.digest not in digests]
        every = list({picture.digest: picture for picture in fresh}.values()) + kept
        self.pictures = every[:MOST_PICTURES]
        if len(every) > MOST_PICTURES:
            left = len(every) - MOST_PICTURES
            self.refusals.append(f"{MOST_PICTURES} pictures at a time: the oldest {left} went.")

    def note_lost(self) -> None:
        """Say that pictures are gone which the browser still names."""
        self.refusals.append(
            "The server restarted: pictures that were added before are gone. Add them again."
        )

    def remove(self, digest: str) -> None:
        """Take one picture off."""
        self.pictures = [each for each in self.pictures if each.digest != digest]

    def clear(self) -> None:
        """Take everything off."""
        self.pictures, self.refusals = [], []


def data_uri(image: Pixels) -> str:
    """Pixels (H, W, C) as they are, for an ``img`` tag."""
    pixels = image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
    return _encoded(Image.fromarray(pixels), "PNG")


def _picture(name: str, content: bytes, truth: str | None) -> Picture:
    decoded = Image.fromarray(read_image(content, name))
    tiny = max(decoded.size) <= _TINY_SIDE
    decoded.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
    shown = _encoded(decoded, "PNG" if tiny else "WEBP")
    return Picture(name, content, hashlib.sha256(content).hexdigest(), shown, tiny, truth)


def _encoded(image: Image.Image, kind: str) -> str:
    file = BytesIO()
    image.save(file, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"
