"""A file or a folder is the old one or the new one, whole, wherever its writer is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.files import recover_folder, recover_folders, replace_folder, write_folder
from core.settings import PROJECT_ROOT

NUM_PARTS = 3
KILLED = 9

WRITER = """
import os, sys
from pathlib import Path
from core.files import replace_folder, write_file, write_folder

what, path, last_step = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
steps = 0


def die_before_a_step(event, _arguments):
    # Python announces every call that changes the file system before it happens.
    global steps
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"):
        steps += 1
        if steps > last_step:
            os._exit(9)


def fill(folder):
    for number in range(3):
        (folder / f"part-{number}").write_text("new")


if what == "replace_folder":
    unfinished = path.with_name("unfinished")
    unfinished.mkdir()
    fill(unfinished)
sys.addaudithook(die_before_a_step)
if what == "write_file":
    write_file(path, lambda temporary: temporary.write_text("new"))
elif what == "write_folder":
    write_folder(path, fill)
else:
    replace_folder(path, unfinished)
"""


def fill(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(NUM_PARTS):
        (folder / f"part-{number}").write_text(text, encoding="utf-8")


def contents(path: Path) -> set[str]:
    """What the parts say, by how many of them; a mix or a missing part shows."""
    texts = [part.read_text(encoding="utf-8") for part in sorted(path.iterdir())]
    return {f"{text} x {texts.count(text)}" for text in texts}


def write_until(step: int, what: str, path: Path) -> bool:
    """Write in a process that dies before its file system call number ``step``; True: killed."""
    command = [sys.executable, "-c", WRITER, what, str(path), str(step)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, check=False)
    assert done.returncode in (0, KILLED), done.stderr.decode()
    return done.returncode == KILLED


@pytest.mark.parametrize("what", ["write_folder", "replace_folder"])
def test_a_kill_at_any_step_leaves_the_old_folder_or_the_new_one(tmp_path: Path, what: str) -> None:
    seen, step, killed = set(), 0, True
    while killed:
        path = tmp_path / str(step) / "folder"
        path.parent.mkdir()
        fill(path, "old")
        killed = write_until(step, what, path)
        recover_folder(path)
        assert path.is_dir(), f"both folders are lost at step {step}"
        seen |= contents(path)
        assert contents(path) in ({"old x 3"}, {"new x 3"}), f"step {step}"
        step += 1
    assert seen == {"old x 3", "new x 3"}
    assert contents(path) == {"new x 3"}
    assert [each.name for each in path.parent.iterdir()] == ["folder"]


def test_the_next_write_clears_what_a_killed_one_left(tmp_path: Path) -> None:
    path, step, killed = tmp_path / "folder", 0, True
    while killed:
        killed = write_until(step, "write_folder", path)
        write_folder(path, lambda folder: fill(folder, "newest"))
        assert contents(path) == {"newest x 3"}
        assert [each.name for each in tmp_path.iterdir()] == ["folder"]
        step += 1


def test_a_kill_at_any_step_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path, step = tmp_path / "file.txt", 0
    path.write_text("old", encoding="utf-8")
    while write_until(step, "write_file", path):
        assert path.read_text(encoding="utf-8") in ("old", "new")
        step += 1
    assert path.read_text(encoding="utf-8") == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["file.txt"]


def test_a_write_that_fails_leaves_the_old_folder(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    fill(path, "old")

    def fail(folder: Path) -> None:
        fill(folder, "new")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        write_folder(path, fail)
    assert contents(path) == {"old x 3"}
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_a_folder_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    fill(path, "old")
    with pytest.raises(FileNotFoundError):
        replace_folder(path, tmp_path / "missing")
    assert contents(path) == {"old x 3"}


def test_every_folder_of_a_parent_is_recovered(tmp_path: Path) -> None:
    fill(tmp_path / ".first.old", "old")
    fill(tmp_path / ".second.old", "old")
    fill(tmp_path / "second", "new")
    fill(tmp_path / ".hidden", "kept")
    recover_folders(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {"first", "second", ".hidden"}
    assert contents(tmp_path / "first") == {"old x 3"}
    assert contents(tmp_path / "second") == {"new x 3"}
    recover_folders(tmp_path / "missing")


def test_there_is_nothing_to_recover_where_nothing_was_interrupted(tmp_path: Path) -> None:
    recover_folder(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []
    fill(tmp_path / "folder", "old")
    recover_folder(tmp_path / "folder")
    assert contents(tmp_path / "folder") == {"old x 3"}
