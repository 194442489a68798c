"""The list of pages is the one place that names a page, its address and what links carry to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from dashboard import navigation
from dashboard.shared import links

FOLDER = Path(navigation.__file__).parent


def test_every_page_has_a_folder_and_every_folder_a_page() -> None:
    folders = {each.parent.name for each in (FOLDER / "pages").glob("*/__init__.py")}
    assert {entry.name for entry in navigation.PAGES} == folders
    for entry in navigation.PAGES:
        assert (FOLDER / "pages" / entry.name / f"{entry.name}.py").is_file()


def carried(source: str) -> Iterator[tuple[str, str]]:
    """Each page that a link leads to, as its constant, with each part that the link carries."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name("_link"), args=[ast.Name(page), *_], keywords=parts):
                yield from ((page, str(part.arg)) for part in parts)


def test_a_page_holds_what_links_carry_to_it() -> None:
    found = set(carried(Path(links.__file__).read_text(encoding="utf-8")))
    assert found
    for page, part in found:
        assert part in navigation.linked_parts(page.lower()), (page, part)
