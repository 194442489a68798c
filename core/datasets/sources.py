"""Where a data set's images are right now, and a cheap key that changes when they change.

The order is: a folder `<name>/` in the data folder, `<name>.zip` beside it, the package that
ships the set, Keras' own cache, and last a download by Keras into that cache.
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
"""Version of the decoded cache: raising it makes every cache be decoded again."""

# A zip's directory lies at its end. 100,000 members, our limit, of 80 bytes each fit.
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
"""What Keras 3 keeps under `<keras home>/datasets`, with sizes in bytes. Keras fetches into
these very names, so that a size below the expected one is a download that goes on or broke."""


class SourceKind(StrEnum):
    """What a source is."""

    FOLDER = "folder"
    ZIP = "zip"
    PACKAGE = "package"
    KERAS = "keras"
    DOWNLOAD = "download"


@dataclass(frozen=True)
class Source:
    """One place that a data set can be read from; ``path`` is None inside a package."""

    kind: SourceKind
    path: Path | None


def find(info: DatasetInfo, settings: Settings) -> Source:
    """The first source in the order above; DatasetUnavailable when there can be none."""
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
    raise DatasetUnavailable(what_to_put_where(info, settings))


def what_to_put_where(info: DatasetInfo, settings: Settings) -> str:
    """The one sentence for a person who has neither the file nor a network."""
    end = ", or connect to the network once." if info.origin is Origin.KERAS else "."
    return (
        f"{info.title} is not here: put {info.name}.zip (train/<class>/..., "
        f"test/<class>/...) into {settings.data}{end}"
    )


def keras_folder() -> Path:
    """Where Keras keeps data sets."""
    return keras_home() / "datasets"


def keras_bytes(name: str) -> int:
    """How many bytes of the set Keras has fetched so far."""
    folder = keras_folder()
    return sum(_size(folder / file) for file in KERAS_FILES.get(name, {}))


def keras_is_complete(name: str) -> bool:
    """Whether Keras' cache holds every file of the set in its full size."""
    folder, files = keras_folder(), KERAS_FILES.get(name, {})
    return bool(files) and all(_size(folder / file) == size for file, size in files.items())


def quick_key(info: DatasetInfo, source: Source) -> str:
    """A key for telling in milliseconds whether a cache may be of this source.

    It equals `fingerprint` except for a folder, where it sees files come and go but not one
    overwritten in place.
    """
    if source.kind is SourceKind.FOLDER and source.path is not None:
        return _digest(info, "folders", *_folder_marks(source.path))
    return fingerprint(info, source)


def fingerprint(info: DatasetInfo, source: Source) -> str:
    """16 hex digits that change whenever the source's content, or how it is read, changes."""
    if source.kind is SourceKind.FOLDER and source.path is not None:
        return _digest(info, "folder", *_file_marks(source.path))
    if source.kind is SourceKind.ZIP and source.path is not None:
        return _digest(info, "zip", _zip_mark(source.path))
    if source.kind is SourceKind.PACKAGE:
        return _digest(info, "package", metadata.version("scikit-learn"))
    # Keras accepts one archive only, by its sha256: what it loads never differs.
    return _digest(info, "keras")


def _digest(info: DatasetInfo, *parts: str) -> str:
    digest = hashlib.sha256(f"{FORMAT}\0{info.name}\0{info.image_shape}".encode())
    for part in (*info.class_names, *parts):
        digest.update(b"\0" + part.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _zip_mark(path: Path) -> str:
    """Size and the directory at the end, which holds each member's name, size and CRC."""
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
    """One mark a subfolder, over name, size and time of each file: 60,000 take 0.2 s."""
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
