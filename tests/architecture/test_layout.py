"""A test is found by its source: the folders of tests mirror those of the source."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINES = 350
MIRRORED = ("core", "dashboard", "benchmarks")
TESTS = sorted(
    file.relative_to(ROOT / "tests")
    for folder in MIRRORED
    for file in (ROOT / "tests" / folder).rglob("test_*.py")
)
MODULES = {
    file.relative_to(ROOT).with_suffix("")
    for folder in MIRRORED
    for file in (ROOT / folder).rglob("*.py")
}
FILES = [file for folder in (*MIRRORED, "tests") for file in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize("folder", sorted({test.parent for test in TESTS}), ids=str)
def test_a_folder_of_tests_mirrors_one_of_the_source(folder: Path) -> None:
    assert (ROOT / folder).is_dir()


@pytest.mark.parametrize("test", TESTS, ids=str)
def test_a_test_that_is_named_for_a_module_of_its_room_lies_where_the_module_lies(
    test: Path,
) -> None:
    assert not misplaced(test, MODULES)


def test_this_test_would_see_a_misplaced_one() -> None:
    modules = {Path("core/jobs/search/watch"), Path("core/jobs/watch"), Path("core/jobs/launch")}
    assert misplaced(Path("core/jobs/warm/test_watch.py"), modules)
    assert not misplaced(Path("core/jobs/search/test_watch.py"), modules)
    assert not misplaced(Path("core/jobs/search/test_kills.py"), modules)


def misplaced(test: Path, modules: set[Path]) -> bool:
    """Whether modules or folders of its room have the test's name, and none is beside it."""
    name = test.stem.removeprefix("test_")
    room = [module for module in modules if module.parts[:2] == test.parts[:2]]
    places = {module.parent for module in room if module.name == name}
    folders = {module.parent for module in room if module.parent.name == name}
    return bool(places) and test.parent not in places | folders | {each.parent for each in folders}


def test_no_file_is_too_long_to_read_in_one_go() -> None:
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {str(file): lines for file, lines in lengths.items() if lines > MAX_LINES} == {}
