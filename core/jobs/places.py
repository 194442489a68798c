"""Files and folders that a process works in, recognised when others have moved them.

A path may name another file later: a results folder is moved or deleted while runs train, and
something else appears in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Place:
    """A file or a folder as it was found: its path and its identity on disk."""

    path: Path
    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """What is at ``path`` now. Raises OSError when nothing is."""
        found = path.stat()
        return cls(path, found.st_dev, found.st_ino)

    def is_kept(self) -> bool:
        """Whether the path still names this very file or folder."""
        try:
            return self == Place.of(self.path)
        except OSError:
            return False


def folder_gone(path: Path) -> str:
    """The sentence for a folder that was moved or deleted under a process."""
    return (
        f"{path} was moved or deleted, so this process ends. A moved results folder continues at "
        "its new place once it is opened and released there (CONVSCOPE_RESULTS, convscope release)."
    )
