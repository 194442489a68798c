"""A newcomer's first look: two commands, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_readme_shows_exactly_the_two_commands_first() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert block
    commands = [line.split("#")[0].strip() for line in block[1].splitlines() if line.strip()]
    assert commands == ["make run", "make test"]


def test_every_make_command_that_people_are_told_of_exists() -> None:
    documents = [(ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md")]
    # In prose "make" is also a verb: only what is set as code counts.
    told = set(re.findall(r"(?:`|^)make ([a-z]+)", "\n".join(documents), re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert told
    assert told <= targets


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/decisions.md"])
def test_every_file_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    named = set(re.findall(r"`((?:core|dashboard|tests|benchmarks|docs)/[\w./]+)`", text))
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_map_is_short() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines()) <= 200
