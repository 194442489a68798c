"""What the lessons say, from ``texts.toml``. Nothing of Streamlit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("texts.toml")


@dataclass(frozen=True)
class Lesson:
    """A few sentences on one idea."""

    name: str
    title: str
    text: str
    figure: str = ""
    """What its figure shows; empty where it has none."""


@cache
def lessons() -> Mapping[str, Lesson]:
    """Every lesson by its name."""
    raw = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: Lesson(name=name, **parts) for name, parts in raw.items()}
