"""What was typed is what is launched, by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end import pages
from tests.end_to_end.served_lab import ServedLab

pytestmark = pytest.mark.browser
MOST_TABS = 120


def test_a_number_typed_just_before_the_launch_is_launched(page: Page, lab: ServedLab) -> None:
    pages.open_form(page, lab.url)
    pages.choose(page, "Data set", "Digits")
    expect(page.get_by_text("input 8 × 8 × 1")).to_be_visible()
    page.get_by_role("spinbutton", name="Epochs", exact=True).fill("3")
    page.get_by_role("spinbutton", name="Batch size", exact=True).fill("128")
    # Not a moment between: leaving the field and pressing reach the server together.
    pages.launch_button(page).click()
    expect(page.get_by_text("Launched: 1 run")).to_be_visible()
    [run] = lab.client.runs.list()
    assert run.config["training"]["epochs"] == 3
    assert run.config["training"]["batch_size"] == 128
    lab.client.runs.stop(run.id)


def test_the_keyboard_alone_reaches_and_presses_launch(page: Page, lab: ServedLab) -> None:
    before = {run.id for run in lab.client.runs.list()}
    pages.open_form(page, lab.url)
    pages.choose(page, "Data set", "Digits")
    expect(page.get_by_text("input 8 × 8 × 1")).to_be_visible()
    page.get_by_role("spinbutton", name="Epochs", exact=True).focus()
    launch = pages.launch_button(page)
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if launch.evaluate("button => button === document.activeElement"):
            break
    expect(launch).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Launched: 1 run"))).to_be_visible()
    [run] = [run for run in lab.client.runs.list() if run.id not in before]
    lab.client.runs.stop(run.id)
