"""Whether Streamlit still leaves a page as it was when its server was restarted.

When this fails, `dashboard/streamlit_workarounds/rerun_on_reconnect.py` can go.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end import pages
from tests.end_to_end.page_server import START_S, answers
from tests.end_to_end.served_lab import until
from tests.end_to_end.test_live_chart import free_port

pytestmark = pytest.mark.browser
PLAIN = "import os\nimport streamlit as st\nst.title(f'server {os.getpid()}')\n"


def served(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """A plain Streamlit page on a port; it has answered once."""
    (folder / "page.py").write_text(PLAIN)
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    options += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "page.py", *options],
        cwd=folder,
        env=os.environ,
        stdout=subprocess.DEVNULL,
    )
    until(lambda: answers(port, process), START_S)
    return process


def test_streamlit_does_not_draw_a_quiet_page_again(page: Page, tmp_path: Path) -> None:
    port = free_port()
    first = served(tmp_path, port)
    page.goto(f"http://127.0.0.1:{port}")
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text(f"server {first.pid}")
    pages.wait_until_drawn(page)
    app = page.get_by_test_id("stApp")
    first.kill()
    first.wait()
    expect(app).not_to_have_attribute("data-test-connection-state", "CONNECTED")
    second = served(tmp_path, port)
    try:
        expect(app).to_have_attribute("data-test-connection-state", "CONNECTED")
        # A drawing would be on its way by now.
        expect(app).to_have_attribute("data-test-script-state", "notRunning")
        expect(title).to_have_text(f"server {first.pid}")
    finally:
        second.kill()
        second.wait()
