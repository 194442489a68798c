"""A data set's status is known at once, and no data set is "preparing" for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core import datasets
from core.datasets.catalog import DATASETS, DatasetInfo
from core.datasets.progress import (
    DIED,
    PreparePhase,
    read_progress,
    report,
    write_progress,
)
from core.datasets.sources import KERAS_FILES
from core.datasets.status import DatasetState, status, statuses
from core.errors import DatasetCorrupt
from core.processes import ProcessIdentity
from core.settings import Settings

Members = dict[str, bytes]
PutZip = Callable[[Members], Path]
Catalogue = dict[str, DatasetInfo]


@pytest.fixture(autouse=True)
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Keras home."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


def test_an_empty_machine_offers_digits_and_downloads(settings: Settings) -> None:
    states = {each.name: each.state for each in statuses(settings)}
    assert states.pop("digits") is DatasetState.LOCAL
    assert set(states.values()) == {DatasetState.DOWNLOADABLE}
    assert not settings.cache.exists()


def test_a_zip_is_local_then_ready_then_replaced(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    assert status("shapes", settings, catalogue).state is DatasetState.MISSING
    path = put_zip(members)
    told = status("shapes", settings, catalogue)
    assert (told.state, told.source_path) == (DatasetState.LOCAL, path)
    datasets.load("shapes", settings, catalogue=catalogue)
    assert status("shapes", settings, catalogue).state is DatasetState.READY
    put_zip(members | {"train/circle/new.png": members["train/circle/0.png"]})
    assert status("shapes", settings, catalogue).state is DatasetState.LOCAL


def test_a_folder_is_local_then_ready_then_changed(
    settings: Settings, catalogue: Catalogue, members: Members
) -> None:
    for name, data in members.items():
        (settings.data / "shapes" / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.data / "shapes" / name).write_bytes(data)
    assert status("shapes", settings, catalogue).state is DatasetState.LOCAL
    datasets.load("shapes", settings, catalogue=catalogue)
    assert status("shapes", settings, catalogue).state is DatasetState.READY
    circle = settings.data / "shapes" / "train" / "circle"
    (circle / "new.png").write_bytes(members["train/circle/0.png"])
    os.utime(circle, ns=(1, 1))
    assert status("shapes", settings, catalogue).state is DatasetState.LOCAL


@pytest.mark.parametrize("name", KERAS_FILES)
def test_keras_cache_counts_only_when_whole(
    name: str, settings: Settings, keras_home: Path
) -> None:
    files = KERAS_FILES[name]
    for file, size in files.items():
        path = keras_home / "datasets" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as sparse:
            sparse.truncate(size)
    assert status(name, settings).state is DatasetState.LOCAL
    assert sum(files.values()) == DATASETS[name].download_bytes
    os.truncate(path, 100)
    assert status(name, settings).state is DatasetState.DOWNLOADABLE


def test_a_failure_is_told_until_the_file_is_replaced(
    settings: Settings, catalogue: Catalogue, members: Members, put_zip: PutZip
) -> None:
    path = settings.data / "shapes.zip"
    path.write_text("no zip")
    with pytest.raises(DatasetCorrupt):
        datasets.load("shapes", settings, catalogue=catalogue)
    told = status("shapes", settings, catalogue)
    assert told.state is DatasetState.LOCAL
    assert "not a whole zip" in told.sentence
    failure = read_progress("shapes", settings)
    assert failure is not None
    # As if it had failed some time ago: file times are coarser than this test is quick.
    write_progress(replace(failure, updated_at=failure.updated_at.replace(year=2020)), settings)
    put_zip(members)
    assert "decoded on first use" in status("shapes", settings, catalogue).sentence


def test_a_living_preparer_is_preparing_and_a_dead_one_is_not(settings: Settings) -> None:
    settings.cache.mkdir()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        working = replace(
            report("cifar10", PreparePhase.DECODE, 600, 60_000),
            pid=child.pid,
            process_started_at=ProcessIdentity.of(child.pid).created_at,
        )
        write_progress(working, settings)
        told = status("cifar10", settings)
        assert told.state is DatasetState.PREPARING
        assert "600 of 60,000 images" in told.sentence
    finally:
        child.kill()
    # Not reaped yet: a zombie has its id and its start time still.
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert status("cifar10", settings).sentence == DIED
    child.wait()
    assert status("cifar10", settings).state is DatasetState.DOWNLOADABLE


def test_a_correction_of_the_clock_ends_no_preparation(
    settings: Settings, correct_clock: Callable[[float], None]
) -> None:
    settings.cache.mkdir()
    write_progress(report("cifar10", PreparePhase.DECODE, 600, 60_000), settings)
    correct_clock(120)
    assert status("cifar10", settings).state is DatasetState.PREPARING


def test_another_process_with_the_same_id_is_not_taken_for_the_preparer(settings: Settings) -> None:
    settings.cache.mkdir()
    working = report("cifar10", PreparePhase.DECODE, 1, 2)
    write_progress(replace(working, process_started_at=working.process_started_at - 60), settings)
    told = read_progress("cifar10", settings)
    assert told is not None
    assert told.error == DIED


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"phase": "dance"}', "{}"])
def test_a_progress_file_that_is_none_is_no_progress(text: str, settings: Settings) -> None:
    settings.cache.mkdir()
    (settings.cache / ".digits.progress.json").write_text(text)
    assert read_progress("digits", settings) is None
    assert status("digits", settings).state is DatasetState.LOCAL


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"image_shape": [1, 2]}'])
def test_a_manifest_that_is_none_is_no_cache(text: str, settings: Settings) -> None:
    folder = datasets.load("digits", settings).folder
    (folder / "manifest.json").write_text(text)
    assert status("digits", settings).state is DatasetState.LOCAL
    datasets.load("digits", settings).verify()
    assert status("digits", settings).state is DatasetState.READY
