"""A dashboard in a process of its own, and a visitor with a real browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PageTimeout

from benchmarks.figures import NotMeasured
from benchmarks.session import PATIENCE_S
from core.settings import PROJECT_ROOT, Settings
from tests.end_to_end.browser import LAUNCH_ARGUMENTS, chromium_path

_LOOK_S = 0.02
_PAGE_S = 60.0
_DRAWN = (
    "[data-testid=stApp][data-test-script-state=notRunning] "
    "[data-testid=stMain] [data-testid=stElementContainer]"
)


@dataclass(frozen=True)
class Dashboard:
    """A server that answers."""

    url: str
    pid: int
    """Of the process that was started; ``make`` has the server below it."""
    started: float
    """``time.perf_counter`` just before it was started."""
    answers_s: float
    """From its start until its health check and its page were answered."""


def serve_command(port: int) -> list[str]:
    """The lab's own command."""
    return [sys.executable, "-c", "from core.cli import app; app()", "serve", "--port", str(port)]


@contextmanager
def dashboard(settings: Settings, port: int, command: Sequence[str]) -> Iterator[Dashboard]:
    """Start a dashboard, wait until it answers, end it and all below it afterwards."""
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | settings.to_environment()
    log_file = settings.results / f"dashboard-{port}.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(url, process, log_file)
        yield Dashboard(url, process.pid, started, time.perf_counter() - started)
    finally:
        _end_group(process)


@contextmanager
def visitor() -> Iterator[Browser]:
    """A headless Chromium, started already. Raises NotMeasured where there is none."""
    path = chromium_path()
    if path is None:
        raise NotMeasured("There is no Chromium here; `make test` installs one.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(LAUNCH_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def open_page(page: Page, url: str) -> None:
    """Go there and wait until the script has run and something is drawn. RuntimeError if not."""
    page.goto(url, timeout=_PAGE_S * 1000)
    try:
        page.locator(_DRAWN).filter(visible=True).first.wait_for(timeout=_PAGE_S * 1000)
    except PageTimeout as error:
        raise RuntimeError(f"{url} was not drawn within {_PAGE_S:.0f} s.") from error


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log_file: Path) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < give_up_at:
        if _answers(f"{url}/_stcore/health") and _answers(url):
            return
        time.sleep(_LOOK_S)
    words = log_file.read_text(encoding="utf-8", errors="replace")[-1000:]
    raise RuntimeError(f"The dashboard did not start. Its last words: {words}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """The process leads a group of its own: make, its shell and the server end together."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            continue
