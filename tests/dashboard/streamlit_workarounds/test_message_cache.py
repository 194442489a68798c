"""Fails when every long message reaches the browser: ``minCachedMessageSize`` can go then."""

from __future__ import annotations

import tomllib

import pytest
from playwright.sync_api import Page, expect

from core.settings import PROJECT_ROOT
from tests.dashboard.streamlit_workarounds.conftest import Opener
from tests.dashboard.streamlit_workarounds.slow_answers import ON_SERVER_MS, SlowAnswers
from tests.end_to_end.pages import wait_until_drawn


@pytest.mark.browser
def test_streamlit_leaves_out_a_message_that_the_browser_no_longer_has(
    page: Page, open_plain: Opener
) -> None:
    """Two clicks over a slow connection: the first answer makes the browser drop the message."""
    connection = SlowAnswers(page)
    open_plain("long_message")
    long = page.get_by_text("long long long")
    expect(long).to_be_visible()
    page.get_by_text("Long", exact=True).click()
    expect(long).to_have_count(0)
    wait_until_drawn(page)
    connection.hold()
    page.get_by_role("button", name="Other").click()
    page.wait_for_timeout(ON_SERVER_MS)
    page.get_by_text("Long", exact=True).click()
    page.wait_for_timeout(ON_SERVER_MS)
    connection.release()
    expect(page.get_by_text("Cached ForwardMsg MISS")).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-connection-state", "DISCONNECTED_FOREVER"
    )


def test_our_pages_send_every_message_whole() -> None:
    text = (PROJECT_ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["global"]["minCachedMessageSize"] >= 1e12
