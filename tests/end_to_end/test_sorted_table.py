"""Promise: in a table that a person sorted, the tick stays with its run as other values change."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from benchmarks.past import add_runs_with_curves
from core.client import Client
from core.spec.files import read_preset
from core.store import tables
from tests.end_to_end.served_lab import ServedLab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LEFT_OF_BEST, HEAD, ROW = 490, 17, 35
"""Pixels: the canvas has nothing else to be clicked by."""


def score(client: Client, run_id: str, accuracy: float) -> None:
    with client.store.database.write() as connection:
        values = {"best_val_accuracy": accuracy}
        connection.execute(update(tables.run).where(tables.run.c.id == run_id).values(**values))


def rows(page: Page, more: str = "") -> Locator:
    """The rows as they are drawn, from the table that the canvas holds for screen readers."""
    found = page.get_by_test_id("stDataFrame").locator(f"canvas [role='row']{more}")
    return found.filter(has_text="digits")


def ticked(page: Page) -> Locator:
    return rows(page, "[aria-selected='true']")


def test_the_tick_and_what_is_deleted_are_of_one_run(page: Page, still_lab: ServedLab) -> None:
    base = read_preset("basic_cnn").experiment
    digits = base.model_copy(update={"data": base.data.model_copy(update={"dataset": "digits"})})
    names = ("first", "second", "third")
    made = [
        add_runs_with_curves(still_lab.client, digits.model_copy(update={"name": name}), 1, 2)[0]
        for name in names
    ]
    for run, accuracy in zip(made, (0.9, 0.8, 0.7), strict=True):
        score(still_lab.client, run.id, accuracy)
    still_lab.client.store.runs.add(digits)  # waits for a supervisor, so the page goes on looking
    page.goto(f"{still_lab.url}/runs")
    table = page.get_by_test_id("stDataFrame")
    expect(rows(page).filter(has_text="third")).to_be_attached()
    for _ in range(2):  # upwards, then downwards
        table.click(position={"x": LEFT_OF_BEST, "y": HEAD})
    first = rows(page).first
    expect(first).to_contain_text("first")
    table.click(position={"x": 16, "y": HEAD + ROW * 2})
    expect(ticked(page)).to_have_count(1)
    expect(ticked(page)).to_contain_text("second")
    expect(page.get_by_role("strong").filter(has_text="second (seed 1)")).to_be_visible()

    score(still_lab.client, made[2].id, 0.95)
    expect(first).to_contain_text("third")
    expect(ticked(page)).to_contain_text("second")
    expect(ticked(page)).to_have_count(1)
    page.get_by_role("button", name=re.compile("Delete")).click()
    expect(page.get_by_text("second (seed 1) with curves")).to_be_visible()
    page.get_by_role("button", name="Delete 1 run permanently").click()
    expect(rows(page).filter(has_text="second")).to_have_count(0)
    assert {run.name for run in still_lab.client.runs.list()} >= {"first", "third"}
    assert "second" not in {run.name for run in still_lab.client.runs.list()}
