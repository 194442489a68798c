"""What a module imports from its own folder is found without running it."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.models.own_source import find_sources


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


@pytest.mark.parametrize(
    "statement",
    [
        "import near",
        "import near as other",
        "from near import x",
        "def f():\n    import near",
        "try:\n    import near\nexcept ImportError:\n    near = None",
        "if False:\n    from near import *",
    ],
)
def test_every_kind_of_import_is_followed(statement: str, tmp_path: Path) -> None:
    write(tmp_path, {"module.py": statement, "near.py": "", "far.py": ""})
    assert set(find_sources("module", tmp_path)) == {"module", "near"}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("from . import b", {"p.b"}),
        ("from .b import x", {"p.b"}),
        ("from p import b", {"p.b"}),
        ("import p.b", {"p.b"}),
        ("import p.q.c", {"p.q", "p.q.c"}),
        ("from .q import c", {"p.q", "p.q.c"}),
        ("from .q import *", {"p.q", "p.q.c"}),
    ],
)
def test_packages_are_followed(statement: str, found: set[str], tmp_path: Path) -> None:
    files = {"p/__init__.py": "", "p/a.py": statement, "p/b.py": ""}
    write(tmp_path, files | {"p/q/__init__.py": "", "p/q/c.py": ""})
    assert set(find_sources("p.a", tmp_path)) == {"p", "p.a"} | found


def test_a_folder_without_init_is_a_package_without_content(tmp_path: Path) -> None:
    write(tmp_path, {"p/q/a.py": ""})
    sources = find_sources("p.q.a", tmp_path)
    assert {name: each.content for name, each in sources.items()} == {
        "p": None,
        "p.q": None,
        "p.q.a": b"",
    }


def test_nothing_is_run_and_code_that_is_no_python_is_still_found(tmp_path: Path) -> None:
    write(tmp_path, {"module.py": "import near\nraise SystemExit", "near.py": "(" * 10_000})
    assert set(find_sources("module", tmp_path)) == {"module", "near"}


def test_installed_packages_are_followed_no_further_than_themselves() -> None:
    folder = Path(sysconfig.get_path("purelib"))
    assert set(find_sources("typer.colors", folder)) >= {"typer", "typer.colors"}
    assert all(name.startswith("typer") for name in find_sources("typer.colors", folder))
