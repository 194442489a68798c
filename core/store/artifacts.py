"""Files that runs left behind, as the store lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from core.records.runs import Artifact
from core.store import tables
from core.store.database import Database
from core.store.row_reader import read_rows
from core.store.rows import ARTIFACTS
from core.store.states import require_attempt


class ArtifactStore:
    """Files of runs. The verbs of trainers raise StaleAttempt when a newer attempt owns the run."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, attempt: int, artifact: Artifact) -> None:
        """A file is complete; one of the same kind and path is replaced."""
        with self._database.write() as connection:
            require_attempt(connection, artifact.run_id, attempt)
            _replace_artifact(connection, artifact)

    def save_for_test(self, artifact: Artifact) -> None:
        """Save a file of an evaluation on the test split; it belongs to no attempt."""
        with self._database.write() as connection:
            _replace_artifact(connection, artifact)

    def forget(self, run_id: str, attempt: int, kind: str, path: str) -> None:
        """The file is gone (an old checkpoint)."""
        with self._database.write() as connection:
            require_attempt(connection, run_id, attempt)
            connection.execute(delete(tables.artifact).where(_is_file(run_id, kind, path)))

    def forget_paths(self, run_id: str, paths: Sequence[str]) -> None:
        """Files of an ended run that a person let go."""
        c = tables.artifact.c
        mine = (c.run_id == run_id) & c.path.in_(paths)
        with self._database.write() as connection:
            connection.execute(delete(tables.artifact).where(mine))

    def list(self, run_id: str) -> list[Artifact]:
        """The files that a run left behind, by kind and epoch."""
        c = tables.artifact.c
        query = select(tables.artifact).where(c.run_id == run_id).order_by(c.kind, c.epoch, c.path)
        with self._database.read() as connection:
            return read_rows(connection, query, ARTIFACTS)


def _replace_artifact(connection: Connection, artifact: Artifact) -> None:
    same = _is_file(artifact.run_id, artifact.kind, artifact.path)
    connection.execute(delete(tables.artifact).where(same))
    connection.execute(
        insert(tables.artifact).values(
            run_id=artifact.run_id,
            kind=artifact.kind,
            path=artifact.path,
            epoch=artifact.epoch,
            num_bytes=artifact.num_bytes,
            sha256=artifact.sha256,
            created_at=artifact.created_at,
        )
    )


def _is_file(run_id: str, kind: str, path: str) -> Any:
    c = tables.artifact.c
    return (c.run_id == run_id) & (c.kind == kind) & (c.path == path)
