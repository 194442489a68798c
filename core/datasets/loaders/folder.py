"""A folder of images that a person put into the data folder. It is only ever read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.datasets.catalog import DatasetInfo
from core.datasets.loaders.archive import MAX_MEMBER_BYTES, MAX_MEMBERS
from core.datasets.loaders.decoded import DecodedSource
from core.datasets.loaders.images import decode_listing
from core.datasets.loaders.layout import arrange
from core.errors import DatasetCorrupt
from core.text import quote


@contextmanager
def open_folder(info: DatasetInfo, folder: Path) -> Iterator[DecodedSource]:
    """List a folder and decode its images as they are asked for."""
    listing = arrange(info, _names(folder), f"{folder.name}/")

    def read(name: str) -> bytes:
        with (folder / name).open("rb") as file:
            data = file.read(MAX_MEMBER_BYTES + 1)
        if len(data) > MAX_MEMBER_BYTES:
            raise DatasetCorrupt(f"{quote(name)} is larger than {MAX_MEMBER_BYTES} bytes.")
        return data

    yield decode_listing(info, listing, read)


def _names(folder: Path) -> list[str]:
    names: list[str] = []
    for parent, folders, files in os.walk(folder):
        for entry in (*folders, *files):
            path = Path(parent, entry)
            # A link could point anywhere; only the top folder itself may be one.
            if path.is_symlink():
                raise DatasetCorrupt(f"{path} is a link; put the files themselves there.")
        names += [Path(parent, file).relative_to(folder).as_posix() for file in files]
        if len(names) > MAX_MEMBERS:
            raise DatasetCorrupt(f"{folder} holds more than {MAX_MEMBERS} files.")
    return names
