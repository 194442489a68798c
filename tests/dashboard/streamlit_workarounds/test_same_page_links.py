"""Fails when a link from a page to itself writes the address: `same_page_links` can go then."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dashboard.shared import links
from dashboard.streamlit_workarounds.same_page_links import LINKED
from tests.dashboard.streamlit_workarounds.conftest import Opener
from tests.end_to_end.pages import wait_until_drawn


@pytest.mark.browser
def test_streamlit_forgets_the_parameters_of_a_link_to_the_same_page(open_plain: Opener) -> None:
    page = open_plain("same_page_link")
    page.get_by_role("link", name="To itself").click()
    expect(page.get_by_text("item a")).to_be_visible()
    wait_until_drawn(page)
    assert "item" not in page.url
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text("item None")).to_be_visible()


def test_it_knows_the_parameters_of_every_link() -> None:
    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(Path(links.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "_link":
            page = Path(getattr(links, ast.unparse(node.args[0]))).stem
            found.setdefault(page, set()).update(str(each.arg) for each in node.keywords)
    assert found == {page: set(names) for page, names in LINKED.items()}
