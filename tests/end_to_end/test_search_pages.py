"""Promise: a search's page fits a phone, in light and dark, and its figures have words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.past_search import add_search, search_around
from core.client import Client
from core.settings import Settings
from core.spec.files import read_preset
from core.spec.overrides import override
from tests.end_to_end.conftest import DESKTOP
from tests.end_to_end.pages import policy_violations
from tests.end_to_end.served_lab import ServedLab
from tests.end_to_end.test_every_page import (
    every_figure_has_words,
    nothing_runs_off_when_narrow,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATHS = {
    "list": "/search",
    "form": "/search?new=preset:lab_search",
    "trials": "/search?search={0}",
    "parameters": "/search?search={0}&tab=Parameters",
    "timeline": "/search?search={0}&tab=Timeline",
    "best trial": "/search?search={0}&tab=Best+trial",
    "promote": "/search?search={0}&tab=Promote",
}


@dataclass(frozen=True)
class Searched:
    """A served lab, and the id of the search that it holds."""

    lab: ServedLab
    search_id: str


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searched]:
    """A search with thirty ended trials and a name as long as people make them."""
    folder: Path = tmp_path_factory.mktemp("searched")
    environment = dict(os.environ) | {"CONVSCOPE_RESULTS": str(folder / "results")}
    environment.pop("CONVSCOPE_DATABASE_URL", None)
    settings = Settings.from_environment(environment)
    lab = ServedLab(settings, Client(settings), folder / "server.log")
    base = override(
        read_preset("basic_cnn").experiment, ["data.dataset=digits", "training.epochs=4"]
    )
    name = "dropout, L2 and learning rate of a network with-a-hyphenated-name that goes on and on"
    record = add_search(lab.client, search_around(base, max_trials=40, name=name), 30, 0)
    # Before anybody serves it: nothing of it may really be trained.
    lab.client.store.searches.end(record.id)
    try:
        lab.serve()
        yield Searched(lab, record.id)
    finally:
        lab.close()


@pytest.mark.parametrize("name", PATHS)
def test_figures_have_words_and_nothing_runs_off_a_narrow_page(
    browser: Browser, searched: Searched, name: str
) -> None:
    page = browser.new_page(viewport=DESKTOP, color_scheme="light")
    violations = policy_violations(page.context)
    open_quiet(page, searched, name)
    every_figure_has_words(page)
    nothing_runs_off_when_narrow(page)
    page.close()
    assert not violations


def test_the_brush_answers_to_the_keyboard(browser: Browser, searched: Searched) -> None:
    page = browser.new_page(viewport=DESKTOP, color_scheme="light")
    open_quiet(page, searched, "trials")
    axis = page.get_by_role("slider", name="Brush on dropout")
    axis.focus()
    axis.press("ArrowUp")
    told = page.get_by_text("The brush keeps")
    expect(told).to_be_visible()
    expect(axis).to_be_focused()
    expect(axis).to_have_attribute("aria-valuetext", "about 0.25 to 0.5")
    axis.press("Escape")
    expect(told).to_have_count(0)
    expect(page.get_by_text("30 trials of 30")).to_be_visible()
    page.close()


def open_quiet(page: Page, searched: Searched, name: str) -> None:
    """Open a page and wait until it is drawn to its end, charts included."""
    page.set_default_timeout(60_000)
    page.goto(searched.lab.url + PATHS[name].format(searched.search_id))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(page.locator(".live-chart__skeleton:visible")).to_have_count(0)
    assert page.get_by_test_id("stException").count() == 0
