"""Find the file that a row names, below its run's folder."""

from __future__ import annotations

from pathlib import Path

from core.errors import ArtifactCorrupt
from core.files import open_regular
from core.records.runs import Artifact
from core.settings import Settings
from core.text import quote


def file_below(folder: Path, path: str) -> Path:
    """The resolved path below a folder of a run or a search; it need not exist.

    Raises ArtifactCorrupt for one that leads out of it, by its parts or through a link: a results
    folder may come from somebody else. Check where the file is opened, not earlier.
    """
    try:
        # The folder of all runs may be a link to another disk; that of one run may not.
        allowed = folder.parent.resolve() / folder.name
        found = (folder / path).resolve()
    # Links in a circle, and a NUL.
    except (OSError, RuntimeError, ValueError) as error:
        raise ArtifactCorrupt(f"{quote(path)} is no path of a file: {error}.") from error
    if found == allowed or not found.is_relative_to(allowed):
        raise ArtifactCorrupt(
            f"{quote(path)} leads out of {folder.name[:8]}'s folder. Expected a file below it: "
            "the results folder was changed by another program."
        )
    return found


def artifact_file(settings: Settings, artifact: Artifact) -> Path:
    """The file of an artifact. Raises as `file_below` does."""
    return file_below(settings.run_folder(artifact.run_id), artifact.path)


def is_there(folder: Path, path: str) -> bool:
    """Whether a file or folder of that name is below the folder."""
    try:
        return file_below(folder, path).exists()
    except ArtifactCorrupt:
        return False


def read_below(folder: Path, path: str) -> bytes:
    """The content of a file below the folder. Raises ArtifactCorrupt, also when there is none."""
    file = file_below(folder, path)
    try:
        with open(file, "rb", opener=open_regular) as opened:
            return opened.read()
    except OSError as error:
        reason = error.strerror or error
        raise ArtifactCorrupt(f"{quote(path)} cannot be read: {reason}.") from error
