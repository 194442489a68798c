"""Real preparing processes: killed, ended, started twice; the next one always succeeds."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable

import pytest
from PIL import Image

from core import datasets
from core.datasets.progress import DIED, PreparePhase, PrepareProgress, read_progress
from core.datasets.status import DatasetState, status
from core.settings import PROJECT_ROOT, Settings

NUM_IMAGES = 20_000
PATIENCE_S = 60


@pytest.fixture
def many_digits(settings: Settings) -> Settings:
    """A `digits.zip` whose decoding takes a second or two: long enough to be killed in."""
    buffer = io.BytesIO()
    Image.new("L", (8, 8), 7).save(buffer, "PNG")
    with zipfile.ZipFile(settings.data / "digits.zip", "w") as archive:
        for number in range(NUM_IMAGES):
            split = "test" if number < NUM_IMAGES // 4 else "train"
            archive.writestr(f"{split}/{number % 10}/{number}.png", buffer.getvalue())
    return settings


def start(settings: Settings) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "core.datasets.prepare", "digits"],
        cwd=PROJECT_ROOT,
        env=os.environ | settings.to_environment(),
        stderr=subprocess.DEVNULL,
    )


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def is_amid(settings: Settings) -> bool:
    progress = read_progress("digits", settings)
    return (
        progress is not None
        and progress.phase is PreparePhase.DECODE
        and 0 < progress.done < progress.total
    )


def in_cache(settings: Settings) -> set[str]:
    return {path.name for path in settings.cache.iterdir()} - {".digits.lock", ".digits.log"}


def test_killed_amid_it_leaves_no_data_set_and_the_next_succeeds(many_digits: Settings) -> None:
    process = start(many_digits)
    wait_for(lambda: is_amid(many_digits))
    assert status("digits", many_digits).state is DatasetState.PREPARING
    process.kill()
    process.wait()
    told = status("digits", many_digits)
    assert (told.state, told.sentence) == (DatasetState.LOCAL, DIED)
    assert all(name.startswith(".") for name in in_cache(many_digits))
    opened = datasets.load("digits", many_digits)
    opened.verify()
    assert len(opened.train_labels) + len(opened.test_labels) == NUM_IMAGES
    assert in_cache(many_digits) == {opened.folder.name}


def test_ended_by_its_signal_leaves_nothing_at_once(many_digits: Settings) -> None:
    process = start(many_digits)
    wait_for(lambda: is_amid(many_digits))
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
    assert in_cache(many_digits) == set()
    assert status("digits", many_digits).state is DatasetState.LOCAL


def test_a_second_preparer_waits_and_hears_the_first(many_digits: Settings) -> None:
    process = start(many_digits)
    wait_for(lambda: is_amid(many_digits))
    heard: list[PrepareProgress] = []
    opened = datasets.load("digits", many_digits, heard.append)
    assert {each.pid for each in heard} == {process.pid}
    assert process.wait(PATIENCE_S) == 0
    assert in_cache(many_digits) == {opened.folder.name}


def test_a_failure_is_told_to_others(settings: Settings) -> None:
    (settings.data / "digits.zip").write_text("no zip")
    assert start(settings).wait(PATIENCE_S) == 1
    told = status("digits", settings)
    assert told.state is DatasetState.LOCAL
    assert told.sentence.startswith("digits.zip is not a whole zip archive")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [(["imagenet"], 2, "Unknown data set"), ([], 2, "usage"), (["digits"], 1, "not a whole zip")],
)
def test_the_command_says_what_is_wrong(
    arguments: list[str], code: int, words: str, settings: Settings
) -> None:
    (settings.data / "digits.zip").write_text("no zip")
    done = subprocess.run(
        [sys.executable, "-m", "core.datasets.prepare", *arguments],
        check=False,
        cwd=PROJECT_ROOT,
        env=os.environ | settings.to_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_disk_that_takes_no_more_is_one_sentence_and_leaves_nothing(
    many_digits: Settings,
) -> None:
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
        "from core.datasets.prepare import main; sys.exit(main(['digits']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        cwd=PROJECT_ROOT,
        env=os.environ | many_digits.to_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Digits could not be read or decoded into" in done.stderr
    assert in_cache(many_digits) == {".digits.progress.json"}
    assert "File too large" in status("digits", many_digits).sentence


def test_a_cache_that_moves_away_meanwhile_ends_it_with_a_sentence(many_digits: Settings) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "core.datasets.prepare", "digits"],
        cwd=PROJECT_ROOT,
        env=os.environ | many_digits.to_environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: is_amid(many_digits))
    many_digits.cache.rename(many_digits.cache.with_name("elsewhere"))
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert f"{many_digits.cache} was moved or deleted while" in said
    assert not many_digits.cache.exists()
