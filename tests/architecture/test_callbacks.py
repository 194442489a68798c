"""A button acts in a callback: before anything of the page is drawn, and once per click."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dashboard").rglob("*.py"))
# Launching reads the form that is drawn beside the button, and shows what came of it there.
LAUNCHES = {
    "dashboard/pages/new_experiment/launch.py",
    "dashboard/pages/search/form/launch.py",
    "dashboard/pages/presets/cards.py",
}


def without_callback(source: str) -> list[int]:
    """Lines of the buttons that have none."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "button"
        and not any(keyword.arg in ("on_click", None) for keyword in node.keywords)
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_button_acts_in_a_callback(file: Path) -> None:
    found = without_callback(file.read_text(encoding="utf-8"))
    assert bool(found) == (str(file.relative_to(ROOT)) in LAUNCHES), found


def test_this_test_would_see_a_button_without_one() -> None:
    assert without_callback("if st.button('Delete', key='x'):\n    delete()\n") == [1]
