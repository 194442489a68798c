"""What is printed on standard output: JSON for scripts, plain tables for people."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
"""The option that every printing command has."""


def print_json(content: Any) -> None:
    """Valid JSON: NaN and infinities, which JSON does not know, become null."""
    text = json.dumps(_without_nan(content), indent=2, ensure_ascii=False, allow_nan=False)
    # Half a character, of a file's name that is not UTF-8, is written as JSON's own escape.
    typer.echo(text.encode(errors="backslashreplace").decode())


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns as wide as they need be; numbers to the right, text to the left."""
    cells = [[_shown(cell) for cell in row] for row in rows]
    widths = [
        max(len(each[column]) for each in [list(headings), *cells])
        for column in range(len(headings))
    ]
    right = [
        bool(rows) and all(isinstance(row[column], int | float | None) for row in rows)
        for column in range(len(headings))
    ]
    for line in [list(headings), *cells]:
        parts = [
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        ]
        typer.echo("  ".join(parts).rstrip())


def inert(text: str) -> str:
    """Text that came from people, without what could move a terminal's cursor or worse."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:.4f}"
    return inert(str(cell))


def _without_nan(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, Mapping):
        return {str(key): _without_nan(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_without_nan(each) for each in content]
    return content
