"""Fails when Streamlit runs a page at every reconnection: `rerun_on_reconnect` can go then."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.streamlit_workarounds.conftest import streamlit_run
from tests.end_to_end import pages
from tests.end_to_end.test_live_chart import free_port

pytestmark = pytest.mark.browser
SCRIPT = "import os\nimport streamlit as st\nst.title(f'server {os.getpid()}')\n"


def test_streamlit_leaves_a_page_without_fragments_as_it_was(page: Page, tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(SCRIPT)
    port = free_port()
    title = page.get_by_role("heading", level=1)
    app = page.get_by_test_id("stApp")
    with streamlit_run(script, port, tmp_path) as first:
        page.goto(f"http://127.0.0.1:{port}")
        expect(title).to_have_text(f"server {first.pid}")
        pages.wait_until_drawn(page)
    expect(app).not_to_have_attribute("data-test-connection-state", "CONNECTED")
    with streamlit_run(script, port, tmp_path):
        expect(app).to_have_attribute("data-test-connection-state", "CONNECTED")
        # A run would have begun by now.
        expect(app).to_have_attribute("data-test-script-state", "notRunning")
        expect(title).to_have_text(f"server {first.pid}")
