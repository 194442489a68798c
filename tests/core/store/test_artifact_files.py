"""A file is opened only below the folder of its own run, whatever a row or a link says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import ArtifactCorrupt
from core.records.runs import Artifact
from core.settings import Settings
from core.store.artifact_files import artifact_file, file_below, is_there, read_below
from core.store.store import Store
from tests.core.store.lives import running

OUTSIDE = ["../secret", "../../../../etc/passwd", "/etc/passwd", "a/../../secret", "..", ".", ""]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "runs" / ("0" * 32)
    (found / "best").mkdir(parents=True)
    (found / "best" / "best.keras").write_bytes(b"network")
    (tmp_path / "runs" / "secret").write_bytes(b"secret")
    return found


@pytest.mark.parametrize("path", [*OUTSIDE, "a\x00b"])
def test_a_path_that_leads_out_is_refused(folder: Path, path: str) -> None:
    with pytest.raises(ArtifactCorrupt):
        read_below(folder, path)
    assert not is_there(folder, path)


def test_a_link_that_leads_out_is_refused_and_one_within_is_followed(folder: Path) -> None:
    (folder / "out").symlink_to(folder.parent / "secret")
    (folder / "up").symlink_to(folder.parent)
    (folder / "in").symlink_to(folder / "best")
    (folder / "circle").symlink_to(folder / "circle")
    for path in ("out", "up/secret", "circle"):
        with pytest.raises(ArtifactCorrupt):
            read_below(folder, path)
    assert read_below(folder, "in/best.keras") == b"network"
    with pytest.raises(ArtifactCorrupt, match="cannot be read"):
        read_below(folder, "best/none.keras")


def test_a_run_folder_that_is_a_link_is_refused_and_all_runs_on_another_disk_are_not(
    folder: Path, tmp_path: Path
) -> None:
    linked = folder.parent / ("1" * 32)
    linked.symlink_to(folder)
    with pytest.raises(ArtifactCorrupt):
        file_below(linked, "best/best.keras")
    (tmp_path / "elsewhere").symlink_to(folder.parent)
    assert read_below(tmp_path / "elsewhere" / folder.name, "best/best.keras") == b"network"


@pytest.mark.parametrize("path", [*OUTSIDE[:5], "..\\\\x"])
def test_a_row_with_such_a_path_is_not_offered(store: Store, settings: Settings, path: str) -> None:
    run = running(store)
    good = Artifact(run.id, "best_model", "best/best.keras", 1, 7, "0" * 64, datetime.now(UTC))
    store.artifacts.save(1, good)
    with store.database.write() as connection:
        values = f"'{run.id}', 'litert', '{path}', 1, 7, '{'0' * 64}', '2026-01-01 00:00:00'"
        connection.exec_driver_sql(f"INSERT INTO artifact VALUES ({values})")
    assert store.artifacts.list(run.id) == [good]
    assert [row.table for row in store.unreadable.list()] == ["artifact"]
    with pytest.raises(ArtifactCorrupt):
        artifact_file(settings, replace(good, path="../x"))
