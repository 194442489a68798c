"""One click in an empty lab: two runs, their comparison, a prediction."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from core.records.runs import RunState
from tests.end_to_end import pages
from tests.end_to_end.served_lab import ServedLab

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


def test_the_demo_ends_in_its_comparison_and_a_prediction(page: Page, lab: ServedLab) -> None:
    page.goto(lab.url)
    started_at = time.monotonic()
    page.get_by_role("button", name="Start the demo").click()
    expect(page.get_by_text("The demo is running.")).to_be_visible()
    expect(page.get_by_text("The demo is done.")).to_be_visible(timeout=240_000)
    took_s = time.monotonic() - started_at
    runs = lab.client.runs.list()
    assert [run.state for run in runs] == [RunState.FINISHED] * 2
    trained_s = sum(
        (run.finished_at - run.started_at).total_seconds()
        for run in runs
        if run.finished_at and run.started_at
    )
    print(f"demo: {took_s:.1f} s from the click, of which {trained_s:.1f} s are the two runs")

    page.get_by_role("link", name="Compare the two").click()
    pages.wait_for_curves(page, [run.id for run in runs])
    expect(page.get_by_role("tab", name="Scores")).to_be_visible()
    page.get_by_role("link", name="Predict an image").click()
    page.get_by_role("button", name=re.compile("validation images")).click()
    expect(page.locator(".seen")).to_have_count(8)
    expect(page.locator(".seen section ol")).to_have_count(16)
    first = page.locator(".seen").first
    for section in first.locator("section").all():
        pages.assert_top_five(pages.top_of(section))
