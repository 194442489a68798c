"""Files that runs leave."""

from __future__ import annotations

from core.client.lab import Lab
from core.records.runs import Artifact


class Artifacts:
    """Checkpoints, models and scores as files."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def exists(self, artifact: Artifact) -> bool:
        """Whether the file of an artifact exists, below its run's folder."""
        from core.store.artifact_files import is_there

        return is_there(self._lab.settings.run_folder(artifact.run_id), artifact.path)

    def read(self, artifact: Artifact) -> bytes:
        """The content of an artifact that is one file.

        Raises ArtifactCorrupt when the file is outside its run's folder or cannot be read.
        """
        from core.store.artifact_files import read_below

        return read_below(self._lab.settings.run_folder(artifact.run_id), artifact.path)

    def list(self, run_id: str) -> list[Artifact]:
        """The artifacts of a run. Raises RunNotFound."""
        return self._lab.store.artifacts.list(self._lab.store.runs.get(run_id).id)
