"""A results folder of somebody else that holds links or special files is not opened."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core import decisions
from core.cli.app import app
from core.client import Client
from core.errors import FolderRefused, StoreError
from core.files import open_regular, write_file, write_folder
from core.jobs import logs
from core.jobs.rebuild import rebuild_database
from core.jobs.supervisor import ensure_supervisor, run_supervisor, supervisor_status
from core.jobs.supervisor_status import SupervisorState
from core.processes import exclusive_lock, is_held
from core.records.runs import RunState
from core.settings import Settings
from core.store.folder_check import check_folder
from core.store.opened_labs import FILE, accept_links, release
from core.store.store import Store
from tests.core.store.lives import queued

RUN, SEARCH = "a" * 32, "b" * 32
FILES = [
    "supervisor.log",
    "supervisor.json",
    "supervisor.lock",
    "supervisor.start.lock",
    ".migration.lock",
    "keras-auto.log",
    "convscope.sqlite",
    "convscope.sqlite-wal",
    f"runs/{RUN}/log.txt",
    f"runs/{RUN}/.run.partial.json",
    f"runs/{RUN}/best/best.keras",
    f"searches/{SEARCH}/log.txt",
]
FOLDERS = [f"runs/{RUN}", f"runs/{RUN}/checkpoints", f"searches/{SEARCH}", "runs"]
REFUSAL = "A link can lead out of the folder.*release --with-links"


@pytest.fixture
def foreign(tmp_path: Path) -> Settings:
    """A lab that another user made; this one has not opened it."""
    theirs = Settings.from_environment(
        {"CONVSCOPE_RESULTS": str(tmp_path / "results"), "CONVSCOPE_CONFIG": str(tmp_path / "they")}
    )
    with Store.open(theirs) as store:
        queued(store)
    return replace(theirs, config=tmp_path / "me")


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A folder outside the lab, with a file that nobody may change."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "canary").write_text("export PATH", encoding="utf-8")
    return folder


def put_link(settings: Settings, name: str, target: Path) -> None:
    place = settings.results / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every entry below, with a regular file's bytes."""
    return {
        str(each.relative_to(folder)): each.read_bytes()
        if each.is_file() and not each.is_symlink()
        else None
        for each in folder.rglob("*")
    }


def assert_refused(settings: Settings, outside: Path | None = None) -> None:
    """Every way in raises the sentence; no byte changes, inside or outside, and nothing starts."""
    before = contents(settings.results), contents(outside) if outside else {}
    for enter in (
        Client(settings).runs.list,
        Client(settings).held_work.release,
        lambda: ensure_supervisor(settings),
        lambda: run_supervisor(settings),
        lambda: rebuild_database(settings, force=True),
    ):
        with pytest.raises(FolderRefused, match=REFUSAL):
            enter()
    assert supervisor_status(settings).state is SupervisorState.NONE
    assert before == (contents(settings.results), contents(outside) if outside else {})
    assert decisions.read(settings, FILE) == []


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_a_foreign_lab_with_a_link_is_refused_and_nothing_is_touched(
    name: str, foreign: Settings, canary: Path
) -> None:
    put_link(foreign, name, canary if name in FOLDERS else canary / "canary")
    assert_refused(foreign, canary)


@pytest.mark.parametrize("name", FILES)
def test_a_link_to_a_missing_file_is_refused_and_does_not_make_it(
    name: str, foreign: Settings, canary: Path
) -> None:
    put_link(foreign, name, canary / "new")
    assert_refused(foreign, canary)


@pytest.mark.parametrize("name", ["supervisor.json", f"runs/{RUN}/best/meta.json"])
def test_a_fifo_is_refused_at_once(name: str, foreign: Settings) -> None:
    place = foreign.results / name
    place.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(place)
    assert_refused(foreign)


def test_the_sentence_names_at_most_three_entries(foreign: Settings, canary: Path) -> None:
    for number in range(9):
        put_link(foreign, f"link {number}", canary)
    with pytest.raises(FolderRefused) as caught:
        check_folder(foreign.results)
    assert str(caught.value).count("'link ") == 3


def test_a_folder_without_a_database_passes_the_same_door(tmp_path: Path, canary: Path) -> None:
    settings = Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / "fresh")})
    put_link(settings, "convscope.sqlite", canary / "new")
    with pytest.raises(FolderRefused):
        Store.open(settings)
    assert not (canary / "new").exists()


def test_another_lab_at_the_path_of_a_known_one_is_checked_too(
    tmp_path: Path, foreign: Settings, canary: Path
) -> None:
    aside = foreign.results.rename(tmp_path / "aside")
    Store.open(foreign).close()
    foreign.results.rename(tmp_path / "first")
    aside.rename(foreign.results)
    put_link(foreign, f"runs/{RUN}", canary)
    with pytest.raises(FolderRefused, match=REFUSAL):
        Store.open(foreign)


def test_a_database_that_becomes_a_link_is_refused_in_a_known_lab(
    foreign: Settings, canary: Path
) -> None:
    with Store.open(foreign) as store:
        release(foreign, store.database)
    put_link(foreign, "convscope.sqlite", canary / "canary")
    with pytest.raises(FolderRefused):
        Store.open(foreign)
    assert contents(canary) == {"canary": b"export PATH"}


def test_links_that_the_user_made_are_accepted_by_release(
    foreign: Settings, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_link(foreign, f"runs/{RUN}", canary)
    for name, value in foreign.to_environment().items():
        monkeypatch.setenv(name, value)
    client = Client(foreign)
    refused = CliRunner().invoke(app, ["release"])
    assert refused.exit_code == 1
    assert "--with-links" in refused.output
    opened = CliRunner().invoke(app, ["release", "--with-links"])
    try:
        assert opened.exit_code == 0, opened.output
        assert "contains 1 run" in opened.output
        # What it contains could not be seen before: nothing of it starts.
        assert client.held_work.get() is not None
        assert [run.state for run in client.runs.list()] == [RunState.QUEUED]
    finally:
        client.machine.stop_supervisor()
        client.close()


def test_accepted_links_are_those_of_one_folder(foreign: Settings, canary: Path) -> None:
    put_link(foreign, f"runs/{RUN}", canary)
    accept_links(foreign)
    Store.open(foreign).close()
    foreign.results.rename(foreign.results.with_name("first"))
    put_link(foreign, "convscope.sqlite", canary / "new")
    with pytest.raises(FolderRefused):
        Store.open(foreign)
    assert not (canary / "new").exists()


def test_a_foreign_folder_at_a_known_path_is_left_as_it_is(foreign: Settings, canary: Path) -> None:
    with Store.open(foreign) as store:
        release(foreign, store.database)
    foreign.results.rename(foreign.results.with_name("first"))
    put_link(foreign, f"runs/{RUN}", canary)
    with pytest.raises(FolderRefused):
        Store.open(foreign)
    assert sorted(path.name for path in foreign.results.iterdir()) == ["runs"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root can list every folder")
def test_a_volumes_own_folder_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "results" / "lost+found").mkdir(parents=True, mode=0)
    check_folder(tmp_path / "results")


def test_the_results_folder_itself_may_be_a_link(tmp_path: Path, foreign: Settings) -> None:
    (tmp_path / "linked").symlink_to(foreign.results)
    settings = Settings.from_environment(
        {
            "CONVSCOPE_RESULTS": str(tmp_path / "linked"),
            "CONVSCOPE_CONFIG": str(foreign.config),
        }
    )
    Store.open(settings).close()


def test_the_status_of_a_supervisor_is_read_from_a_small_regular_file(
    foreign: Settings, canary: Path
) -> None:
    real = {"pid": os.getpid(), "created_at": 1.0, "started_at": 1.0, "code_version": "x"}
    file = foreign.results / "supervisor.json"
    file.write_text(json.dumps(real), encoding="utf-8")
    assert supervisor_status(foreign).state is SupervisorState.GONE
    for text in (" " * 2**17 + json.dumps(real), "[" * 60_000):
        file.write_text(text, encoding="utf-8")
        assert supervisor_status(foreign).state is SupervisorState.NONE
    (canary / "status").write_text(json.dumps(real), encoding="utf-8")
    put_link(foreign, file.name, canary / "status")
    assert supervisor_status(foreign).state is SupervisorState.NONE


def test_no_write_of_ours_follows_a_link(tmp_path: Path, canary: Path) -> None:
    link, before = tmp_path / "link", contents(canary)
    link.symlink_to(canary / "canary")
    for touch in (logs.open_to_append, exclusive_lock, lambda path: open_regular(str(path), 0)):
        with pytest.raises(OSError, match=r"regular|symbolic"):
            touch(link)
    assert not is_held(link)
    assert "cannot be read" in logs.tail(link)
    (tmp_path / ".run.partial.json").symlink_to(canary / "canary")
    write_file(tmp_path / "run.json", lambda path: path.write_text("{}") and None)
    (tmp_path / ".best.partial").symlink_to(canary)
    write_folder(tmp_path / "best", lambda path: (path / "canary").write_text("new") and None)
    assert contents(canary) == before


def test_a_migration_lock_that_is_a_link_is_a_sentence(foreign: Settings, canary: Path) -> None:
    with Store.open(foreign) as store:
        release(foreign, store.database)
    foreign.results.joinpath("convscope.sqlite").unlink()
    put_link(foreign, ".migration.lock", canary / "canary")
    with pytest.raises(StoreError, match="migration"):
        Store.open(foreign)
    assert contents(canary) == {"canary": b"export PATH"}
