"""Names that people typed, made inert and short enough for a legend; names of traces."""

from __future__ import annotations

import html
import re


def inert(text: str) -> str:
    """The text as Plotly shows it literally: it would read ``<a href=...>`` as a link."""
    return html.escape(text, quote=False)


def shortened(text: str, limit: int = 32) -> str:
    """The text within ``limit`` characters, cut in its middle: names differ at their ends."""
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def legend_name(label: str) -> str:
    """A run's label for a legend: short and inert."""
    return inert(shortened(label))


def trace_uid(*parts: str) -> str:
    """A trace's ``uid``: what Plotly knows it by from one update to the next.

    Plotly uses it as a CSS class when it saves a picture, and fails on anything but letters,
    digits, ``-`` and ``_``.
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", "-".join(parts))
