"""The table that people read: benchmarks/RESULTS.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import Figure

INTRODUCTION = """\
# Measured

Written by `make bench`; nothing here is typed by hand. Values are medians, with the smallest
and the largest beside them where there was more than one. What was asked is from the project's
own list of promises; a dash means that nothing was asked. Ratios come from turn and turn about
in one session, which evens out slow changes and not bursts of other work. Every verdict is only
as good as the machine was quiet: look at its load, and at the spread."""
HEADER = "| what | median | spread | asked | verdict | how |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Section:
    """One measurement's lines, or the sentence why there are none."""

    name: str
    title: str
    figures: Sequence[Figure] = ()
    reason: str = ""
    broke: bool = False
    """Whether the reason is an error."""
    seconds: float = 0.0

    @property
    def command(self) -> str:
        """What measures this part alone."""
        return f"make bench ONLY={self.name}"


def document(machine: Sequence[tuple[str, str]], sections: Sequence[Section]) -> str:
    """The whole file."""
    rows = "\n".join(f"| {name} | {value} |" for name, value in machine)
    parts = [INTRODUCTION, f"| machine | |\n|---|---|\n{rows}", *map(section, sections)]
    return "\n\n".join(parts) + "\n"


def section(each: Section) -> str:
    """One measurement."""
    head = f"## {each.title}\n\n`{each.command}`, {each.seconds:.0f} s"
    if not each.figures:
        return f"## {each.title}\n\n`{each.command}`: not yet measured. {each.reason}"
    return "\n".join([head, "", HEADER, *map(_row, each.figures)])


def _row(figure: Figure) -> str:
    spread = "-"
    if len(figure.values) > 1:
        low, high = _number(min(figure.values)), _number(max(figure.values))
        spread = f"{low} to {high} ({len(figure.values)})"
    asked = "-" if figure.bound is None else _with_unit(figure, figure.bound.value)
    asked = asked if figure.bound is None else f"{figure.bound.relation} {asked}"
    value = _with_unit(figure, figure.value)
    cells = (figure.what, value, spread, asked, figure.verdict, figure.note or "-")
    return f"| {' | '.join(cells)} |"


def _with_unit(figure: Figure, value: float) -> str:
    return f"{_number(value)} {figure.unit}".rstrip()


def _number(value: float) -> str:
    """Three digits that count, and no exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"
