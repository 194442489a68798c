"""Deleting what cannot be read touches nothing but the folder of that run."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.client import Client
from core.errors import ArtifactCorrupt, RunNotFound
from core.jobs.watch import Watch
from core.records.runs import RunState
from tests.core.client.searching import add_search, small_search
from tests.core.store.lives import in_state, queued


def change(client: Client, statement: str) -> None:
    with client.store.database.write() as connection:
        connection.exec_driver_sql(statement)


def test_the_folder_of_the_run_goes_and_no_other(client: Client, tmp_path: Path) -> None:
    good, bad = queued(client.store, seeds=(1, 2))
    for run in (good, bad):
        (client.settings.run_folder(run.id) / "best").mkdir(parents=True)
    change(client, f"UPDATE run SET name = CAST(x'e9' AS TEXT) WHERE id = '{bad.id}'")
    assert client.unreadable.delete() == 1
    assert [path.name for path in client.settings.runs.iterdir()] == [good.id]
    assert client.unreadable.delete() == 0
    assert [run.id for run in client.runs.list()] == [good.id]


def test_an_id_that_is_a_path_removes_no_folder(client: Client, tmp_path: Path) -> None:
    queued(client.store)
    precious = tmp_path / "precious"
    precious.mkdir()
    change(client, "DELETE FROM run_event")
    change(client, "UPDATE run SET id = '../../precious'")
    with pytest.raises(RunNotFound):
        client.runs.get("../../precious")
    assert client.unreadable.delete() == 1
    assert precious.is_dir()


def test_a_supervisor_writes_nowhere_for_an_id_that_is_a_path(
    client: Client, tmp_path: Path
) -> None:
    queued(client.store)
    change(client, "DELETE FROM run_event")
    change(client, "UPDATE run SET id = '../../written'")
    before = {path.name for path in tmp_path.rglob("*")}
    Watch(client.settings, client.store, _gpus=()).poll()
    assert {path.name for path in tmp_path.rglob("*")} == before


def test_a_tag_that_is_not_utf8_leaves_supervisor_and_lists_alone(client: Client) -> None:
    good = in_state(client.store, RunState.FINISHED)
    bad = queued(client.store)[0]
    change(client, f"""UPDATE run SET tags = '["\\udce9"]' WHERE id = '{bad.id}'""")
    Watch(client.settings, client.store, _gpus=()).poll()
    assert [run.id for run in client.runs.list()] == [good.id]
    assert client.machine.ensure_supervisor().is_running


def test_the_command_line_names_and_deletes_them(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = queued(client.store, seeds=(1, 2))
    change(client, f"UPDATE run SET seed = 'x' WHERE id = '{bad.id}'")
    for name, value in client.settings.to_environment().items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(app, ["runs"])
    assert good.id[:8] in told.stdout
    assert bad.id[:8] not in told.stdout
    assert "Cannot be read: run small: column seed has 'x'" in told.stderr
    assert "--delete-unreadable" in told.stderr
    deleted = CliRunner().invoke(app, ["runs", "--delete-unreadable"])
    assert deleted.exit_code == 0
    assert deleted.stderr.startswith("1 entry that could not be read deleted.\n")
    assert client.unreadable.list(everything=True) == []


def test_logs_and_kept_files_are_read_below_their_folder_only(
    client: Client, tmp_path: Path
) -> None:
    run, search = queued(client.store)[0], add_search(client, small_search())
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    for folder, name in (
        (client.settings.run_folder(run.id), "log.txt"),
        (client.settings.search_folder(search.id), "log.txt"),
        (client.settings.search_folder(search.id), "best.keras"),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(tmp_path / "secret")
    with pytest.raises(ArtifactCorrupt):
        client.runs.log(run.id)
    with pytest.raises(ArtifactCorrupt):
        client.searches.log(search.id)
    with pytest.raises(ArtifactCorrupt):
        client.searches.read_kept_file(search.id, "best.keras")
    assert client.searches.kept_file_size(search.id, "best.keras") is None
