"""Decisions of this user are never lost: a damaged list is kept beside the one that replaces it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import decisions
from core.errors import DecisionsError
from core.settings import Settings

FILE = "opened_labs.json"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"CONVSCOPE_CONFIG": str(tmp_path / "config")})


def damage(settings: Settings, content: bytes) -> Path:
    settings.config.mkdir(exist_ok=True)
    (settings.config / FILE).write_bytes(content)
    return settings.config / f"{FILE}.damaged"


@pytest.mark.parametrize("content", [b"", b"[[", b"\xff", b"3", b'{"a": 1}', b"[" * 100_000])
def test_a_damaged_list_is_renamed_and_named_in_the_log(
    content: bytes, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = damage(settings, content)
    decisions.change(settings, FILE, lambda before: [*before, "new"])
    assert damaged.read_bytes() == content
    assert str(damaged) in caplog.text
    assert json.loads((settings.config / FILE).read_text()) == ["new"]


def test_the_next_damaged_list_gets_a_number(settings: Settings) -> None:
    for content in (b"first", b"second", b"third"):
        damaged = damage(settings, content)
        decisions.change(settings, FILE, lambda before: [*before, "new"])
    names = [damaged, Path(f"{damaged}-2"), Path(f"{damaged}-3")]
    assert [each.read_bytes() for each in names] == [b"first", b"second", b"third"]


def test_reading_leaves_a_damaged_list_where_it_is(settings: Settings) -> None:
    damaged = damage(settings, b"[[")
    assert decisions.read(settings, FILE) == []
    assert not damaged.exists()


def test_whether_decisions_can_be_stored_is_known_beforehand(settings: Settings) -> None:
    decisions.require_writable(settings, FILE)
    assert not (settings.config / FILE).exists()
    for each in settings.config.iterdir():
        each.unlink()
    settings.config.rmdir()
    settings.config.write_text("a file stands in its place")
    with pytest.raises(DecisionsError, match="CONVSCOPE_CONFIG"):
        decisions.require_writable(settings, FILE)
