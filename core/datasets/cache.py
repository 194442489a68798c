"""A decoded data set on disk: four `.npy` files and a manifest in a folder.

The folder `<cache>/<name>-<fingerprint>` is complete: it is created by one rename.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from core.datasets.catalog import DatasetInfo
from core.datasets.sources import FORMAT, Source, fingerprint, quick_key
from core.files import sha256_of
from core.settings import Settings

MANIFEST = "manifest.json"
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ArrayFile:
    """Size in bytes and sha256 of a `.npy` file when it was written."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a decoded data set contains. ``mean`` and ``std`` are per channel, on the scale 0..1."""

    name: str
    fingerprint: str
    quick_key: str
    source: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    train_size: int
    test_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    files: dict[str, ArrayFile]
    format: int = FORMAT

    def to_json(self) -> str:
        """The manifest as it is written beside the arrays."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a manifest. ValueError, KeyError or TypeError for any other text."""
        raw = json.loads(text)
        if not isinstance(raw, dict):
            raise TypeError(f"a manifest is an object, not {type(raw).__name__}")
        height, width, channels = raw.pop("image_shape")
        return cls(
            image_shape=(int(height), int(width), int(channels)),
            class_names=tuple(raw.pop("class_names")),
            mean=tuple(raw.pop("mean")),
            std=tuple(raw.pop("std")),
            files={name: ArrayFile(**file) for name, file in raw.pop("files").items()},
            **raw,
        )


def folder_of(info: DatasetInfo, source: Source, settings: Settings) -> Path:
    """The cache folder of this source, whether it exists or not."""
    return settings.cache / f"{info.name}-{fingerprint(info, source)}"


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a cache folder; None if a file is missing or has another size.

    Contents are not hashed, so that opening is fast; `OpenedDataset.verify` does that.
    """
    try:
        manifest = Manifest.from_json((folder / MANIFEST).read_text(encoding="utf-8"))
        sizes = {array: (folder / f"{array}.npy").stat().st_size for array in ARRAYS}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning(
            "The decoded data set in %s is damaged and will be made again: %s", folder, error
        )
        return None
    if manifest.format != FORMAT or any(manifest.files[a].bytes != sizes[a] for a in ARRAYS):
        _log.warning("The decoded data set in %s is damaged and will be made again", folder)
        return None
    return manifest


def is_cached(info: DatasetInfo, source: Source, settings: Settings) -> bool:
    """Whether this source is in the cache. Takes milliseconds (see `quick_key`)."""
    key = quick_key(info, source)
    return any(manifest.quick_key == key for manifest in _manifests(info, settings))


def damaged_files(folder: Path) -> list[str]:
    """Names of files whose sha256 is not the manifest's. Reads every byte: takes a second."""
    manifest = read_manifest(folder)
    if manifest is None:
        return [MANIFEST]
    return [
        f"{array}.npy"
        for array in ARRAYS
        if sha256_of(folder / f"{array}.npy") != manifest.files[array].sha256
    ]


def _manifests(info: DatasetInfo, settings: Settings) -> Iterator[Manifest]:
    if not settings.cache.is_dir():
        return
    for folder in settings.cache.glob(f"{info.name}-*"):
        manifest = read_manifest(folder)
        if manifest is not None:
            yield manifest
