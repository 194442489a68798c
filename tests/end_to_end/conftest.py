"""A browser and a served lab for every module that asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.end_to_end.browser import LAUNCH_ARGUMENTS, chromium_path
from tests.end_to_end.pages import policy_violations
from tests.end_to_end.served_lab import ServedLab, served_lab

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
WAIT_MS = 60_000
"""Waits end as soon as what they wait for is there; only a failure takes so long."""
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A module's Chromium. Not the session's: Playwright allows one at a time in a thread."""
    path = chromium_path()
    if path is None:
        pytest.fail("No Chromium found; `make test` installs one.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(LAUNCH_ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedLab]:
    """A module's lab, empty at first."""
    with served_lab(tmp_path_factory.mktemp("lab")) as served:
        yield served


@pytest.fixture(scope="module")
def still_lab(lab: ServedLab) -> ServedLab:
    """The same without a supervisor: nothing of what a test makes up is really trained."""
    lab.client.machine.stop_supervisor()
    return lab


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor on a desktop."""
    context = browser.new_context(viewport=DESKTOP, color_scheme="light")
    context.set_default_timeout(WAIT_MS)
    violations = policy_violations(context)
    yield context
    context.close()
    assert not violations


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """The visitor's first window."""
    return context.new_page()
