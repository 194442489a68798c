"""Promise: words of people are shown as they are, and figures as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.shared import text

HOSTILE = [
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](http://example.org/x.png)",
    "**bold** _it_ ~~gone~~ `code` $x^2$",
    ":red[loud] :material/delete: :smile:",
    "# heading\n- list\n> quote",
    "https://example.org www.example.org me@example.org",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_markup_of_a_name_is_left_without_its_backslash(name: str) -> None:
    shown = text.inert(name)
    assert not re.search(r"(?<!\\)[*_`~$<>\[\]()#!|]", shown.replace("\\\\", ""))
    assert "\n" not in shown


@pytest.mark.parametrize("name", HOSTILE)
def test_the_letters_of_a_name_are_all_kept(name: str) -> None:
    shown = text.inert(name).replace("\u2060", "")
    assert re.sub(r"\\(.)", r"\1", shown) == " ".join(name.split())


def test_icons_and_addresses_are_broken_where_a_backslash_would_not_help() -> None:
    for late in (":material", "://", "www.e", "@e"):
        assert late not in text.inert(":material/delete: https://www.example.org me@example.org")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.42, "0.4 s"), (59.7, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_durations_read_as_people_say_them(seconds: float, expected: str) -> None:
    assert text.duration(seconds) == expected


def test_what_is_not_there_is_a_dash() -> None:
    assert text.duration(None) == text.percent(None) == text.percent(float("nan")) == text.NOTHING


def test_counts_and_sizes() -> None:
    assert text.number(1_172_410) == "1,172,410"
    assert text.number(1e-3) == "0.001"
    assert text.large(39.5e9) == "39.5 G"
    assert text.size(1.4e9) == "1.4 GB"
    assert text.counted(1, "run") == "1 run"
    assert text.counted(2000, "run") == "2,000 runs"


def test_ago() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert text.ago(now - timedelta(minutes=5), now) == "5 min ago"
    assert text.ago(now - timedelta(days=3), now) == "3 days ago"
