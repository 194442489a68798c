"""Find a data set's source, and a fingerprint that changes when its images change.

The order of sources is: a folder `<name>/` in the data folder, `<name>.zip` beside it, the package
that ships the set, Keras' cache, and last a download by Keras into that cache.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from core.datasets.catalog import DatasetInfo, Origin
from core.errors import DatasetUnavailable
from core.settings import Settings, keras_home

FORMAT = 1
"""Version of the cache's format: with a higher one every data set is decoded again."""

# A zip's directory is at its end. Our limit of 100,000 members of 80 bytes each fits.
_TAIL_BYTES = 8 * 1024 * 1024

KERAS_FILES: Mapping[str, Mapping[str, int]] = {
    "cifar10": {"cifar-10-batches-py-target_archive": 170_498_071},
    "cifar100": {"cifar-100-python-target_archive": 169_001_437},
    "mnist": {"mnist.npz": 11_490_434},
    "fashion_mnist": {
        "fashion-mnist/train-labels-idx1-ubyte.gz": 29_515,
        "fashion-mnist/train-images-idx3-ubyte.gz": 26_421_880,
        "fashion-mnist/t10k-labels-idx1-ubyte.gz": 5_148,
        "fashion-mnist/t10k-images-idx3-ubyte.gz": 4_422_102,
    },
}
"""Files of Keras 3 under `<keras home>/datasets`, with sizes in bytes. Keras downloads into these
files, so a smaller file is a download that is running or has failed."""


class SourceKind(StrEnum):
    """Kinds of sources."""

    FOLDER = "folder"
    ZIP = "zip"
    PACKAGE = "package"
    KERAS = "keras"
    DOWNLOAD = "download"


@dataclass(frozen=True)
class Source:
    """Where a data set is read from; ``path`` is None for a package."""

    kind: SourceKind
    path: Path | None


def find(info: DatasetInfo, settings: Settings) -> Source:
    """The first source in the order above. Raises DatasetUnavailable if there is none."""
    folder = settings.data / info.name
    archive = settings.data / f"{info.name}.zip"
    if folder.is_dir():
        return Source(SourceKind.FOLDER, folder)
    if archive.is_file():
        return Source(SourceKind.ZIP, archive)
    if info.origin is Origin.SCIKIT_LEARN:
        return Source(SourceKind.PACKAGE, None)
    if info.origin is Origin.KERAS:
        present = keras_is_complete(info.name)
        kind = SourceKind.KERAS if present else SourceKind.DOWNLOAD
        return Source(kind, keras_folder())
    raise DatasetUnavailable(how_to_provide(info, settings))


def how_to_provide(info: DatasetInfo, settings: Settings) -> str:
    """The sentence that says how to provide a data set that cannot be downloaded."""
    end = ", or connect to the network once." if info.origin is Origin.KERAS else "."
    return (
        f"{info.title} is not here: put {info.name}.zip (train/<class>/..., "
        f"test/<class>/...) into {settings.data}{end}"
    )


def keras_folder() -> Path:
    """Keras' folder of data sets."""
    return keras_home() / "datasets"


def keras_bytes(name: str) -> int:
    """Bytes of the data set that Keras has downloaded so far."""
    folder = keras_folder()
    return sum(_size(folder / file) for file in KERAS_FILES.get(name, {}))


def keras_is_complete(name: str) -> bool:
    """Whether Keras' cache has every file of the data set in full size."""
    folder, files = keras_folder(), KERAS_FILES.get(name, {})
    return bool(files) and all(_size(folder / file) == size for file, size in files.items())


def quick_key(info: DatasetInfo, source: Source) -> str:
    """A key that shows in milliseconds whether a cache may be of this source.

    It is `fingerprint`, except for folders: there it changes if files are added or removed, but
    not if one is overwritten.
    """
    if source.kind is SourceKind.FOLDER and source.path is not None:
        return _digest(info, "folders", *_folder_marks(source.path))
    return fingerprint(info, source)


def fingerprint(info: DatasetInfo, source: Source) -> str:
    """16 hexadecimal digits that change when the source's content or our way to read it does."""
    if source.kind is SourceKind.FOLDER and source.path is not None:
        return _digest(info, "folder", *_file_marks(source.path))
    if source.kind is SourceKind.ZIP and source.path is not None:
        return _digest(info, "zip", _zip_mark(source.path))
    if source.kind is SourceKind.PACKAGE:
        return _digest(info, "package", metadata.version("scikit-learn"))
    # Keras accepts only one archive, by its sha256, so its content never changes.
    return _digest(info, "keras")


def _digest(info: DatasetInfo, *parts: str) -> str:
    digest = hashlib.sha256(f"{FORMAT}\0{info.name}\0{info.image_shape}".encode())
    for part in (*info.class_names, *parts):
        digest.update(b"\0" + part.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _zip_mark(path: Path) -> str:
    """Size, and hash of the directory at the end, which has each member's name, size and CRC."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        return f"{size}:{hashlib.sha256(file.read()).hexdigest()}"


def _folder_marks(folder: Path) -> Iterator[str]:
    for place in (folder, *_subfolders(folder, depth=3)):
        yield f"{place.relative_to(folder)}:{place.stat().st_mtime_ns}"


def _subfolders(folder: Path, depth: int) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        below = sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    for path in below:
        yield Path(path)
        if depth > 1 and len(below) <= 1000:
            yield from _subfolders(Path(path), depth - 1)


def _file_marks(folder: Path, inside: str = ".") -> Iterator[str]:
    """One text per subfolder with name, size and time of each file; 60,000 take 0.2 s."""
    folders, files = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                stat = entry.stat(follow_symlinks=False)
                files.append((entry.name, stat.st_size, stat.st_mtime_ns))
    yield f"{inside}:{sorted(files)}"
    for name in sorted(folders):
        yield from _file_marks(folder / name, f"{inside}/{name}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
