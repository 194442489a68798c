"""Text from outside: which of it is kept, and how messages quote it; durations for people.

Names, notes, tags, ids, paths, files and assignments come from people, scripts and folders of
others. What is not valid UTF-8, or has control characters, is refused where it comes in: SQLite
would store it, and every later reader would fail.
"""

from __future__ import annotations

import math
import reprlib
import unicodedata
from dataclasses import dataclass

from core.errors import InvalidText

MOST_QUOTED = 80
"""Characters of a value that a message quotes."""
_GAP = "..."
_LINE_ENDS = frozenset("\n\r\t")
_CONTROL, _SURROGATE = "Cc", "Cs"


@dataclass(frozen=True)
class TextRule:
    """What a field takes: so many characters, on one line or on several."""

    longest: int
    shortest: int = 0
    several_lines: bool = False


NAME = TextRule(120, shortest=1)
TAG = TextRule(60, shortest=1)
NOTES = TextRule(10_000, several_lines=True)
PATH = TextRule(4096, shortest=1)
REFERENCE = TextRule(4096)
"""An id, the start of one, a name, or the path of a file."""


def check_text(field: str, text: str, rule: TextRule) -> str:
    """The text itself. Raises InvalidText that names ``field`` when the rule refuses it."""
    sentence = text_problem(text, rule)
    if sentence is not None:
        raise InvalidText(field, sentence)
    return text


def text_problem(text: object, rule: TextRule) -> str | None:
    """The sentence why a field with this rule cannot take the text; None when it can."""
    if not isinstance(text, str):
        return f"Expected text. Got {quote(text)}."
    if len(text) > rule.longest:
        return (
            f"Expected at most {rule.longest:,} characters. Got {len(text):,}, beginning with "
            f"{quote(text[: MOST_QUOTED // 2])}."
        )
    if len(text) < rule.shortest:
        return "Expected some text. Got none."
    return _character_problem(text, several_lines=rule.several_lines)


def is_clean(text: str, *, several_lines: bool = False) -> bool:
    """Whether all of the text is printable UTF-8 without control characters."""
    return _character_problem(text, several_lines=several_lines) is None


def quote(value: object, most: int = MOST_QUOTED) -> str:
    """A value for a message, on one line of at most twice ``most`` characters.

    What cannot be printed is made visible, and a long value loses its middle.
    """
    shown = _quoted_text(value, most) if isinstance(value, str) else _represented(value)
    return shorten(shown, 2 * most if isinstance(value, str) else most)


def shorten(text: str, most: int = MOST_QUOTED) -> str:
    """The text itself, or its beginning and its end with a gap between them."""
    if len(text) <= most:
        return text
    start = (most - len(_GAP)) // 2
    return text[:start] + _GAP + text[-(most - len(_GAP) - start) :]


def printable(text: str) -> str:
    """The text with lone surrogates and control characters as visible escapes, on one line."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def format_duration(seconds: float) -> str:
    """Seconds for people: ``0.4 s``, ``45 s``, ``3 min 20 s``, ``2 h 05 min``, ``inf s``."""
    if round(seconds, 1) < 10 or not math.isfinite(seconds):
        return f"{seconds:.1f} s"
    total = round(seconds)
    if total < 60:
        return f"{total} s"
    if total < 3600:
        minutes, rest = divmod(total, 60)
        return f"{minutes} min {rest:02d} s" if minutes < 10 else f"{minutes} min"
    hours, rest = divmod(total, 3600)
    if hours < 48:
        return f"{hours} h {rest // 60:02d} min"
    return f"{hours / 24:.1f} days"


def _character_problem(text: str, *, several_lines: bool) -> str | None:
    if text.isprintable():
        return None
    for place, character in enumerate(text, start=1):
        kind = unicodedata.category(character)
        if kind == _SURROGATE:
            return f"Expected valid UTF-8. Got a byte or half a character, {_at(text, place)}."
        if kind == _CONTROL and not (several_lines and character in _LINE_ENDS):
            lines = " other than tabs and line ends" if several_lines else ""
            return f"Expected no control characters{lines}. Got {_at(text, place)}."
    return None


def _at(text: str, place: int) -> str:
    around = text[max(0, place - 20) : place + 20]
    return f"U+{ord(text[place - 1]):04X} at character {place:,}, in {quote(around)}"


def _quoted_text(text: str, most: int) -> str:
    return repr(shorten(text, most))


def _represented(value: object) -> str:
    try:
        return reprlib.repr(value)
    except ValueError:
        # Python writes no whole number of more than 4,300 digits.
        return "a number of thousands of digits"
