"""What every test has: the data that is there, and a results folder that is not a person's own."""

from __future__ import annotations

import os
import re
import tempfile
from functools import cache
from pathlib import Path

import pytest

from core.training.installed_engines import installed_engines

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

WITH_ENGINE = [
    ROOT / "tests" / place
    for place in (
        "benchmarks",
        "core/client/search/test_hypermodels.py",
        "core/inference",
        "core/search",
        "core/training",
        "end_to_end",
    )
]
"""Tests that load an engine through another module of ours."""
SLOW_FILES = {
    ROOT / "tests" / "core" / place
    for place in (
        "cli/test_held.py",
        "cli/test_progress.py",
        "datasets/loaders/test_images.py",
        "datasets/test_prepare.py",
        "jobs/search/test_control.py",
        "jobs/test_found_runs.py",
        "jobs/test_reporter.py",
        "store/test_database.py",
        "store/test_database_file.py",
        "store/test_foreign_sqlite.py",
        "store/test_many_writers.py",
        "store/test_schema.py",
        "store/test_states.py",
        "test_files.py",
    )
}
"""Tests that start other programs, play many lives of a run, or wait a second each."""
IMPORTS_ENGINE = re.compile(r"^(?:import|from) (?:keras|keras_tuner|tensorflow)\b", re.MULTILINE)
SLOW_FIXTURES = {"convscope", "open_page", "open_trained", "trained"}
"""A command or a page takes a second to start, and training what a page shows takes longer."""

# Set before any test module is imported, and inherited by the processes that tests start.
if SHARED_DATA.is_dir():
    os.environ.setdefault("CONVSCOPE_DATA", str(SHARED_DATA))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Left alone Keras takes TensorFlow, also where only another engine is installed.
if "tensorflow" not in (engines := installed_engines()) and engines:
    os.environ.setdefault("KERAS_BACKEND", engines[0])


def pytest_configure(config: pytest.Config) -> None:
    """A test that forgets to choose a results folder gets one of its own, removed at the end."""
    scratch = tempfile.TemporaryDirectory(prefix="convscope-tests-")
    config.add_cleanup(scratch.cleanup)
    os.environ["CONVSCOPE_RESULTS"] = str(Path(scratch.name) / "results")
    os.environ["CONVSCOPE_CONFIG"] = str(Path(scratch.name) / "config")
    # The default, for labs that tests describe without naming it.
    os.environ["XDG_CONFIG_HOME"] = str(Path(scratch.name) / "home")
    os.environ.pop("CONVSCOPE_DATABASE_URL", None)
    # Decoding 60,000 images takes a minute: kept between sessions where pytest keeps its own.
    os.environ["CONVSCOPE_CACHE"] = str(config.cache.mkdir("datasets"))


def starts_page_or_command(item: pytest.Item) -> bool:
    """Whether a test runs a page of Streamlit, without a browser, or `convscope` as a process."""
    imports_it = hasattr(getattr(item, "module", None), "AppTest")
    return imports_it or not SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


@cache
def loads_engine(path: Path) -> bool:
    """Whether the tests of a file or folder load an engine."""
    if any(path.is_relative_to(place) for place in WITH_ENGINE):
        return True
    return path.is_file() and bool(IMPORTS_ENGINE.search(path.read_text(encoding="utf-8")))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where slow tests are left out, the files that load an engine are not even imported."""
    leaves_out = "not slow" in config.option.markexpr and collection_path.suffix in ("", ".py")
    return True if leaves_out and loads_engine(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test the markers that follow from where it lives and what is on this machine."""
    data = Path(os.environ.get("CONVSCOPE_DATA", ROOT / "experiments" / "data"))
    missing = f"no cifar10.zip in {data}: put it there or set CONVSCOPE_DATA"
    has_cifar10 = (data / "cifar10.zip").exists()
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "end_to_end"):
            item.add_marker("processes")
        if item.get_closest_marker("timing"):
            item.add_marker("processes")
        if starts_page_or_command(item) or loads_engine(item.path) or item.path in SLOW_FILES:
            item.add_marker("slow")
        if item.get_closest_marker("cifar10") and not has_cifar10:
            item.add_marker(pytest.mark.skip(reason=missing))
    # Workers take whole files: a slow one begun last would leave the other worker idle.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
