"""Promise: a link from a page to itself is in the address, so its view stays and can be sent on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from benchmarks.past import add_runs_with_curves
from benchmarks.past_search import add_search, end_search, search_around
from core.spec.files import read_preset
from tests.end_to_end import pages
from tests.end_to_end.served_lab import ServedLab

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def lived(still_lab: ServedLab) -> ServedLab:
    """Two finished runs and an ended search."""
    base = read_preset("basic_cnn").experiment
    record = add_search(still_lab.client, search_around(base, max_trials=9, name="a search"), 4)
    end_search(still_lab.client, record)
    add_runs_with_curves(still_lab.client, base, 2, 3)
    return still_lab


def is_kept(page: Page, address: str) -> None:
    """What the link asked for is in the address, and after a drawing of the whole page still."""
    expect(page).to_have_url(re.compile(address))
    pages.wait_until_drawn(page)
    page.reload()
    expect(page).to_have_url(re.compile(address))


def test_a_search_in_the_list(page: Page, lived: ServedLab) -> None:
    page.goto(f"{lived.url}/search")
    page.get_by_role("link", name="a search").click()
    expect(page.get_by_role("heading", level=1, name="a search")).to_be_visible()
    is_kept(page, r"/search\?search=[0-9a-f]{32}")
    expect(page.get_by_role("heading", level=1, name="a search")).to_be_visible()


def test_a_new_search_stays_while_it_is_filled_in(page: Page, lived: ServedLab) -> None:
    page.goto(f"{lived.url}/search")
    page.get_by_role("link", name="New search").click()
    name = page.get_by_label("Name", exact=True).first
    expect(name).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?new=form"))
    name.fill("of my own")
    name.press("Enter")
    pages.wait_until_drawn(page)
    expect(name).to_have_value("of my own")
    expect(page).to_have_url(re.compile(r"\?new=form"))


def test_a_run_among_the_newest(page: Page, lived: ServedLab) -> None:
    page.goto(f"{lived.url}/run")
    page.get_by_test_id("stMain").get_by_role("link", name="(seed 2)").click()
    is_kept(page, r"/run\?run=[0-9a-f]{32}")


def test_the_two_newest_runs_side_by_side(page: Page, lived: ServedLab) -> None:
    page.goto(f"{lived.url}/compare")
    page.get_by_role("link", name="Compare the two newest").click()
    is_kept(page, r"/compare\?runs=[0-9a-f]{32}(,|%2C)[0-9a-f]{32}")
    pages.wait_for_curves(page, [run.id for run in lived.client.runs.list()[-2:]])


def test_the_list_from_a_search_that_is_gone(page: Page, lived: ServedLab) -> None:
    page.goto(f"{lived.url}/search?search=deadbeef")
    page.get_by_role("link", name="All searches").click()
    expect(page.get_by_role("link", name="New search")).to_be_visible()
    is_kept(page, r"/search$")
    expect(page.get_by_role("link", name="New search")).to_be_visible()


def test_back_leads_to_the_page_before_in_one_step(page: Page, lived: ServedLab) -> None:
    page.goto(f"{lived.url}/runs")
    pages.wait_until_drawn(page)
    page.goto(f"{lived.url}/search")
    page.get_by_role("link", name="a search").click()
    expect(page).to_have_url(re.compile(r"\?search="))
    pages.wait_until_drawn(page)
    page.go_back()
    expect(page.get_by_role("link", name="New search")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/search$"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/runs$"))


def test_a_filter_of_the_runs_that_is_called_like_a_link_is_left_alone(
    page: Page, lived: ServedLab
) -> None:
    base = read_preset("basic_cnn").experiment
    [run] = lived.client.store.runs.add(base, preset="basic_cnn")
    lived.client.runs.stop(run.id)
    page.goto(f"{lived.url}/runs?preset=basic_cnn")
    expect(page.get_by_text("1 run of 3")).to_be_visible()
    page.get_by_text("Show archived").click()
    expect(page).to_have_url(re.compile(r"archived=true"))
    pages.wait_until_drawn(page)
    expect(page.get_by_text("1 run of 3")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
