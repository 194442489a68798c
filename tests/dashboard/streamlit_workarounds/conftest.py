"""A browser, and a server of pages that are Streamlit's alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end import pages
from tests.end_to_end.conftest import browser, context, page
from tests.end_to_end.page_server import START_S, PageServer, answers
from tests.end_to_end.served_lab import until
from tests.end_to_end.test_live_chart import free_port

__all__ = ["browser", "context", "page"]
PLAIN_APP = Path(__file__).with_name("plain_app.py")
Opener = Callable[[str], Page]


@contextmanager
def streamlit_run(script: Path, port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``streamlit run`` without our configuration, in ``folder``. It has answered once."""
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    options += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), *options],
        cwd=folder,
        env=os.environ,
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(port, process), START_S)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """The pages of ``plain_app.py``, for all tests of this folder."""
    port = free_port()
    with streamlit_run(PLAIN_APP, port, tmp_path_factory.mktemp("plain")):
        yield PageServer(port)


@pytest.fixture
def open_plain(plain_server: PageServer, page: Page) -> Opener:
    """Open one of its pages; it has been drawn once."""

    def opened(name: str) -> Page:
        page.goto(f"http://{plain_server.host}/{name}")
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        pages.wait_until_drawn(page)
        return page

    return opened
