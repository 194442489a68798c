"""Text from outside: what is kept, what is refused with which words, and how it is quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidText
from core.text import (
    NAME,
    NOTES,
    TAG,
    check_text,
    format_duration,
    is_clean,
    printable,
    quote,
    shorten,
    text_problem,
)

REFUSED = {
    "not UTF-8": (b"caf\xe9".decode(errors="surrogateescape"), "Expected valid UTF-8"),
    "half a character": ("\ud83d", "Expected valid UTF-8"),
    "NUL": ("a\x00b", "U+0000 at character 2"),
    "escape": ("\x1b[2J", "U+001B at character 1"),
    "delete": ("a\x7f", "U+007F at character 2"),
    "a line end": ("a\nb", "U+000A at character 2"),
    "too long": ("x" * 121, "Expected at most 120 characters. Got 121"),
    "nothing": ("", "Got none"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_kept_is_refused_naming_the_field(text: str, words: str) -> None:
    with pytest.raises(InvalidText) as caught:
        check_text("name", text, NAME)
    assert caught.value.field == "name"
    assert str(caught.value).startswith("name: ")
    assert words in str(caught.value)
    str(caught.value).encode()


@pytest.mark.parametrize("text", ["plain", "naïve café", "日本語", "👩‍🔬", "a'b\"c", "\u202eabc"])
def test_words_of_any_language_are_kept_as_they_are(text: str) -> None:
    assert check_text("tags", text, TAG) == text


def test_notes_have_lines_and_tabs_and_no_other_control_characters() -> None:
    assert text_problem("one\n\ttwo\r\n", NOTES) is None
    assert text_problem("one\x0btwo", NOTES) is not None


@given(st.one_of(st.text(st.characters(), max_size=500), st.integers(), st.binary(), st.none()))
def test_a_quote_is_short_printable_and_on_one_line(value: object) -> None:
    shown = quote(value)
    assert len(shown) <= 160
    assert is_clean(shown)
    shown.encode()


def test_a_quote_loses_its_middle_and_never_fails() -> None:
    assert len(quote("a" + "x" * 158_000 + "z")) < 100
    assert quote("a" + "x" * 158_000 + "z").startswith("'ax")
    assert quote("a" + "x" * 158_000 + "z").endswith("xz'")
    assert quote(10**5000) == "a number of thousands of digits"
    assert shorten("short") == "short"
    assert printable("a\x00\udce9") == "a\\x00\\udce9"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0.0 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (59.7, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599, "59 min"),
        (7500, "2 h 05 min"),
        (48 * 3600, "2.0 days"),
        (9.96, "10 s"),
        (float("inf"), "inf s"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, expected: str) -> None:
    assert format_duration(seconds) == expected
