"""Text for the page: users' text made safe, and numbers, times and sizes made readable."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from core.text import format_duration

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
NOTHING = "—"
"""Shown where there is no value."""
_JOINER = "\u2060"
# Streamlit looks for :material/x:, :emoji: and addresses after Markdown is read, where a
# backslash no longer helps: an invisible word joiner breaks them.
_LATE_SYNTAX = re.compile(r":(?=[\w/+-])|(?<=\bwww)\.|@", re.IGNORECASE)


def inert(text: str) -> str:
    """Markdown that shows the text literally: no links, HTML, colours or icons."""
    one_line = " ".join(text.split())
    broken = _LATE_SYNTAX.sub(lambda match: match.group() + _JOINER, one_line)
    return _PUNCTUATION.sub(r"\\\1", broken)


def percent(share: float | None) -> str:
    """``0.8123`` as ``81.2 %``; a dash for None, NaN and infinity."""
    if share is None or not math.isfinite(share):
        return NOTHING
    return f"{100 * share:.1f} %"


def number(value: float) -> str:
    """A readable number: ``1,172,410``, ``0.001``, ``1e-07``."""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:.4g}"


def large(value: float) -> str:
    """A count with a short suffix: ``1.17 M``, ``39.5 G``."""
    for limit, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g} {suffix}"
    return f"{value:.3g}"


def size(num_bytes: float | None) -> str:
    """Bytes as ``1.4 GB`` (powers of ten)."""
    if num_bytes is None:
        return NOTHING
    for limit, suffix in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if num_bytes >= limit:
            return f"{num_bytes / limit:.3g} {suffix}"
    return f"{num_bytes:.0f} B"


def duration(seconds: float | None) -> str:
    """See `format_duration`; a dash where there is none."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    return format_duration(seconds)


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago something was: ``just now``, ``5 min ago``, ``3 days ago``."""
    if moment is None:
        return NOTHING
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < 3600:
        return f"{max(1, round(seconds / 60))} min ago"
    if seconds < 36 * 3600:
        return f"{round(seconds / 3600)} h ago"
    return f"{round(seconds / 86400)} days ago"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """``1 run``, ``3 runs``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
