"""What is printed: results on standard output as JSON or tables, messages on standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.text import printable

if TYPE_CHECKING:
    from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
"""The option of every command that prints results."""

_WIDE = 1_000_000
"""Columns of an output that is no terminal: no table is wrapped there."""


def print_json(content: Any) -> None:
    """Print valid JSON. It has no NaN and no infinity: they become null."""
    text = json.dumps(_without_nan(content), indent=2, ensure_ascii=False, allow_nan=False)
    # A lone surrogate, from a file name that is not UTF-8, is written as JSON's own escape.
    typer.echo(text.encode(errors="backslashreplace").decode())


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows in aligned columns: numbers to the right, text to the left.

    A terminal folds long cells into its width. Elsewhere a row is one line of any length, without
    colours, and at least two spaces separate its columns.
    """
    # Imported here: commands that print no table must not wait for it.
    from rich.console import Console

    if sys.stdout.isatty():
        Console(highlight=False).print(_table(headings, rows, folded=True))
        return
    console = Console(color_system=None, force_terminal=False, width=_WIDE)
    with console.capture() as captured:
        console.print(_table(headings, rows, folded=False))
    # Rich fills every cell with spaces, the last of a line too.
    typer.echo("\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n")))


def say(text: str) -> None:
    """Print a message on standard error, its control characters as visible escapes."""
    typer.echo("\n".join(printable(line) for line in text.split("\n")), err=True)


def _table(headings: Sequence[str], rows: Sequence[Sequence[Any]], *, folded: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        is_number = bool(rows) and all(isinstance(row[place], int | float | None) for row in rows)
        # As Text, because Rich reads square brackets in a string as markup.
        table.add_column(
            Text(printable(heading)),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=not folded,
        )
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    return table


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:.4f}"
    return printable(str(cell))


def _without_nan(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, Mapping):
        return {str(key): _without_nan(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_without_nan(each) for each in content]
    return content
