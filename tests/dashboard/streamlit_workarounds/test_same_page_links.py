"""Fails when a link from a page to itself writes the address: `same_page_links` can go then."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.streamlit_workarounds.conftest import Opener
from tests.end_to_end.pages import wait_until_drawn

pytestmark = pytest.mark.browser


def test_streamlit_forgets_the_parameters_of_a_link_to_the_same_page(open_plain: Opener) -> None:
    page = open_plain("same_page_link")
    page.get_by_role("link", name="To itself").click()
    expect(page.get_by_text("item a")).to_be_visible()
    wait_until_drawn(page)
    assert "item" not in page.url
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text("item None")).to_be_visible()
