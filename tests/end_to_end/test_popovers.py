"""Promise: a box whose form was done closes by itself; one that was refused stays, and says why."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from benchmarks.past import add_runs_with_curves
from benchmarks.past_search import add_search, search_around
from core.spec.files import read_preset
from tests.end_to_end.pages import wait_until_drawn
from tests.end_to_end.served_lab import ServedLab

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    wait_until_drawn(page)


def tick(page: Page) -> None:
    page.get_by_test_id("stDataFrame").click(position={"x": 16, "y": 52})


def test_editing_a_run(page: Page, still_lab: ServedLab) -> None:
    [run] = add_runs_with_curves(still_lab.client, read_preset("basic_cnn").experiment, 1, 2)
    page.goto(f"{still_lab.url}/runs")
    tick(page)
    press(page, "Edit")
    name = page.get_by_role("textbox", name="Name", exact=True)
    name.fill("renamed")
    press(page, "Save")
    expect(page.get_by_text("renamed saved.")).to_be_visible()
    expect(name).to_be_hidden()
    assert still_lab.client.runs.get(run.id).name == "renamed"
    press(page, "Edit")
    expect(name).to_be_visible()
    expect(name).to_have_value("renamed")


def test_leaving_a_page_with_a_box_open(page: Page, still_lab: ServedLab) -> None:
    add_runs_with_curves(still_lab.client, read_preset("basic_cnn").experiment, 1, 2)
    page.goto(f"{still_lab.url}/runs")
    tick(page)
    press(page, "Edit")
    leave_for(page, "Overview")
    page.goto(f"{still_lab.url}/new_experiment")
    page.get_by_test_id("stButtonGroup").get_by_text("Dropout", exact=True).click()
    expect(page.get_by_text("In each training step, a random share")).to_be_visible()
    wait_until_drawn(page)
    leave_for(page, "Runs")


def leave_for(page: Page, title: str) -> None:
    """Click in the navigation; the page must come and stay, also after what was still under way."""
    page.get_by_test_id("stTopNavLink").filter(has_text=re.compile(f"{title}$")).click()
    heading = page.get_by_role("heading", name=title, level=1)
    expect(heading).to_be_visible()
    wait_until_drawn(page)
    page.wait_for_timeout(2_000)  # there is no sign that nothing more will come
    expect(heading).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


def test_a_budget_and_a_trial_by_hand(page: Page, still_lab: ServedLab) -> None:
    around = search_around(read_preset("basic_cnn").experiment, max_trials=20)
    searched = add_search(still_lab.client, around, 5, 0)
    page.goto(f"{still_lab.url}/search?search={searched.id}&tab=Trials")
    press(page, "Change budget")
    trials = page.get_by_role("spinbutton", name="Trials", exact=True)
    trials.fill("0")
    press(page, "Save")
    expect(page.get_by_text("Got 0.")).to_be_visible()
    expect(trials).to_be_visible()
    trials.fill("30")
    press(page, "Save")
    expect(trials).to_be_hidden()
    press(page, "Queue a trial")
    queue = page.get_by_role("button", name="Add to queue")
    queue.click()
    expect(queue).to_be_hidden()
    assert len(still_lab.client.trials.list(searched.id)) == 6
