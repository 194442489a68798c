"""Promise: the first tick in a table does not move the table away from under the pointer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from benchmarks.past import add_runs_with_curves
from benchmarks.past_search import add_search, end_search, search_around
from core.spec.files import read_preset
from tests.end_to_end.served_lab import ServedLab

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def top(page: Page) -> float:
    """Pixels from the page's heading to the table, however far it is scrolled."""
    heading = page.get_by_role("heading", level=1).bounding_box()
    table = page.get_by_test_id("stDataFrame").bounding_box()
    assert heading
    assert table
    return table["y"] - heading["y"]


def tick(page: Page) -> None:
    page.get_by_test_id("stDataFrame").click(position={"x": 16, "y": 52})


def test_the_runs_stay_where_they_are(page: Page, still_lab: ServedLab) -> None:
    add_runs_with_curves(still_lab.client, read_preset("basic_cnn").experiment, 3, 2)
    page.goto(f"{still_lab.url}/runs")
    expect(page.get_by_role("button", name=re.compile("Delete"))).to_be_disabled()
    before = top(page)
    tick(page)
    expect(page.get_by_role("button", name=re.compile("Delete"))).to_be_enabled()
    assert abs(top(page) - before) < 1


def test_the_trials_stay_where_they_are(page: Page, still_lab: ServedLab) -> None:
    around = search_around(read_preset("basic_cnn").experiment, max_trials=20)
    searched = add_search(still_lab.client, around, 5, 0)
    end_search(still_lab.client, searched)
    page.goto(f"{still_lab.url}/search?search={searched.id}&tab=Trials")
    hide = page.get_by_role("button", name=re.compile("Hide"))
    expect(hide).to_be_disabled()
    before = top(page)
    tick(page)
    expect(hide).to_be_enabled()
    assert abs(top(page) - before) < 1
