"""Tables are plain in a pipe and fit a terminal, and text in them is only text."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.cli.output import print_table, say
from tests.core.cli.conftest import AtTerminal

LONG = "word " * 60
HOSTILE = (
    "[red]red[/red]",
    "[/]",
    ":smile:",
    "\x1b[31m",
    "\x07",
    "a\nb",
    "\u202etxt.exe",
    "\udce9",
)


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_columns_are_aligned_with_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(
        ["name", "epochs", "score", "done"], [["a", 5, 0.5, True], ["longer", 1234, None, False]]
    )
    assert printed(capsys) == [
        "name    epochs   score  done",
        "a            5  0.5000   yes",
        "longer   1,234            no",
    ]


def test_a_table_without_rows_is_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "score"], [])
    assert printed(capsys) == ["name  score"]


def test_a_row_in_a_pipe_is_one_whole_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    # Variables that make Rich take anything for a terminal.
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    print_table(["name", "notes"], [["a", LONG], ["b", "日本語"]])
    assert printed(capsys) == ["name  notes", f"a     {LONG.rstrip()}", "b     日本語"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_printed_as_text(capsys: pytest.CaptureFixture[str], text: str) -> None:
    print_table([text, "n"], [[text, 1]])
    say(text.replace("\n", ""))
    captured = capsys.readouterr()
    for line in (*captured.out.splitlines(), *captured.err.splitlines()):
        assert line.isprintable()
    heading, row = captured.out.splitlines()
    if text.isprintable():
        assert heading.startswith(text)
        assert row.startswith(text)


def test_a_table_on_a_terminal_fits_and_loses_nothing(
    at_terminal: AtTerminal, tmp_path: Path
) -> None:
    words = [f"word{number}" for number in range(40)]
    script = (
        "from core.cli.output import print_table\n"
        f"print_table(['[red]name', 'notes'], [['[bold]hostile', {' '.join(words)!r}]])\n"
    )
    shown = at_terminal([sys.executable, "-c", script], columns=60)
    assert all(len(line) <= 60 for line in shown.text.splitlines())
    assert "[red]name" in shown.text
    assert "[bold]hostile" in shown.text
    assert all(word in shown.text for word in words)
