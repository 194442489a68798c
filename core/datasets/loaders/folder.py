"""A folder of images that a person put into the data folder. It is never changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.datasets.catalog import DatasetInfo
from core.datasets.loaders import archive as limits
from core.datasets.loaders.decoded_source import DecodedSource
from core.datasets.loaders.images import decode_listing
from core.datasets.loaders.layout import arrange
from core.errors import DatasetCorrupt
from core.text import quote


@contextmanager
def open_folder(info: DatasetInfo, folder: Path) -> Iterator[DecodedSource]:
    """List a folder; its images are decoded batch by batch."""
    listing = arrange(info, _names(folder), f"{folder.name}/")
    yield decode_listing(info, listing, _Reader(folder))


class _Reader:
    """Reads files by name. The limit on their total size also limits the time of decoding."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._total = 0

    def __call__(self, name: str) -> bytes:
        with (self._folder / name).open("rb") as file:
            data = file.read(limits.MAX_MEMBER_BYTES + 1)
        if len(data) > limits.MAX_MEMBER_BYTES:
            raise DatasetCorrupt(f"{quote(name)} is larger than {limits.MAX_MEMBER_BYTES} bytes.")
        self._total += len(data)
        if self._total > limits.MAX_TOTAL_BYTES:
            raise DatasetCorrupt(
                f"{quote(self._folder.name)} holds more than {limits.MAX_TOTAL_BYTES} bytes of "
                "images."
            )
        return data


def _names(folder: Path) -> list[str]:
    names: list[str] = []
    for parent, folders, files in os.walk(folder):
        for entry in (*folders, *files):
            path = Path(parent, entry)
            # A link could lead anywhere; only the top folder itself may be one.
            if path.is_symlink():
                raise DatasetCorrupt(f"{path} is a link; put the files themselves there.")
        names += [Path(parent, file).relative_to(folder).as_posix() for file in files]
        if len(names) > limits.MAX_MEMBERS:
            raise DatasetCorrupt(f"{folder} holds more than {limits.MAX_MEMBERS} files.")
    return names
