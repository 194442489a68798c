"""A small table of text that screen readers can read, in the colours of the theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

_STYLE = """
<style>
.plain {overflow-x: auto;}
.plain table {border-collapse: collapse; font-size: 0.85rem; line-height: 1.35; min-width: 60%;}
.plain caption {text-align: left; font-size: 0.82rem; opacity: 0.8; padding-bottom: 0.35rem;
  caption-side: top;}
.plain th, .plain td {padding: 0.32rem 1.1rem 0.32rem 0; vertical-align: top; text-align: left;
  font-weight: 400; max-width: 26rem; overflow-wrap: anywhere;
  border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent);}
.plain thead th {font-weight: 600; overflow-wrap: break-word;}
.plain td.number {text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums;}
.plain th.number {text-align: right;}
.plain small {display: block; font-size: 0.76rem; opacity: 0.75;}
.plain b {font-weight: 600;}
.plain .dot {display: inline-block; width: 0.7em; height: 0.7em; border-radius: 50%;
  margin-right: 0.45em;}
</style>
"""


@dataclass(frozen=True)
class Cell:
    """A cell with a format."""

    text: str
    small: str = ""
    """A second line in small text."""
    strong: bool = False
    number: bool = False
    """Right-aligned, with digits of equal width."""
    dot: str = ""
    """A coloured dot: the run's colour in charts. Empty for none."""


Words = str | Cell


def show(
    heads: Sequence[Words], rows: Sequence[Sequence[Words]], *, label: str, caption: str = ""
) -> None:
    """Show the table. ``label`` is its name for screen readers."""
    st.html(_STYLE + markup(heads, rows, label=label, caption=caption))


def markup(
    heads: Sequence[Words], rows: Sequence[Sequence[Words]], *, label: str, caption: str = ""
) -> str:
    """The table as HTML with all text escaped. The first cell of each row is its header."""
    top = "".join(_tag("th", head, ' scope="col"') for head in heads)
    body = "".join(_row(row) for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="plain" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<table>{title}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Sequence[Words]) -> str:
    head = _tag("th", row[0], ' scope="row"')
    return f"<tr>{head}{''.join(_tag('td', cell) for cell in row[1:])}</tr>"


def _tag(tag: str, words: Words, extra: str = "") -> str:
    cell = words if isinstance(words, Cell) else Cell(words)
    text = escape(cell.text)
    inner = f"<b>{text}</b>" if cell.strong else text
    if cell.dot:
        inner = f'<span class="dot" style="background:{escape(cell.dot)}"></span>{inner}'
    small = f"<small>{escape(cell.small)}</small>" if cell.small else ""
    kind = ' class="number"' if cell.number else ""
    return f"<{tag}{extra}{kind}>{inner}{small}</{tag}>"
