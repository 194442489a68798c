"""Files and folders that a process uses, known by path and inode.

They show when a results folder was moved or deleted while runs train, even if another one has its
path now.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Place:
    """A file or a folder: its path and its identity on disk."""

    path: Path
    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """The file or folder at ``path``. Raises OSError where there is none."""
        found = path.stat()
        return cls(path, found.st_dev, found.st_ino)

    def is_kept(self) -> bool:
        """Whether the path still names this very file or folder."""
        try:
            return self == Place.of(self.path)
        except OSError:
            return False


def folder_gone(path: Path) -> str:
    """The sentence for a folder that was moved or deleted while a process used it."""
    return (
        f"{path} was moved or deleted, so this process ends. To continue in a moved results "
        "folder, set CONVSCOPE_RESULTS to it, open it and release its work (convscope release)."
    )
