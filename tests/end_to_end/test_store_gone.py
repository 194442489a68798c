"""A page whose database goes away says so by itself, and is itself again when the file is back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.client.demo import demo_experiments
from tests.end_to_end.served_lab import ServedLab

pytestmark = pytest.mark.browser


def test_a_page_follows_the_loss_and_the_return_of_the_database(
    page: Page, still_lab: ServedLab
) -> None:
    run = still_lab.client.store.runs.add(demo_experiments()[0])[0]
    still_lab.client.store.runs.move_in_queue(run.id, 0)
    file = still_lab.settings.results / "convscope.sqlite"
    page.goto(f"{still_lab.url}/run?run={run.id}")
    heading = page.get_by_role("heading", name=run.name)
    expect(heading).to_be_visible()
    away = file.rename(file.with_name("away.sqlite"))
    expect(page.get_by_text("is gone: it was deleted or moved")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(heading).to_have_count(0)
    away.rename(file)
    expect(heading).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
