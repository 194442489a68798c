"""Promise: a table leaves the page as a file without formulas, and in no other way."""

from __future__ import annotations

import csv
import io

import pytest
from playwright.sync_api import Page, expect

from core.records.runs import RunState
from tests.core.store.lives import in_state
from tests.end_to_end import pages
from tests.end_to_end.served_lab import ServedLab

pytestmark = pytest.mark.browser
FORMULA = '=HYPERLINK("http://x.example","look")'


def test_the_table_of_runs_is_saved_without_formulas(page: Page, still_lab: ServedLab) -> None:
    run = in_state(still_lab.client.store, RunState.FINISHED)
    still_lab.client.runs.rename(run.id, FORMULA)
    still_lab.client.runs.set_notes(run.id, "@SUM(A1:A9)")
    still_lab.client.runs.set_tags(run.id, ["-1+1", "plain"])
    page.goto(f"{still_lab.url}/runs")
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible()
    pages.wait_until_drawn(page)
    # The toolbar comes with the pointer. Streamlit's own export would write names as they are.
    table.hover()
    toolbar = page.get_by_test_id("stElementToolbar").first
    expect(toolbar.get_by_role("button", name="Search")).to_be_visible()
    expect(toolbar.get_by_role("button", name="Download as CSV")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("button", name="Table as CSV").click()
    text = download.value.path().read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[0]["Run"] == f"'{FORMULA} (seed 1)"
    assert rows[0]["Notes"] == "'@SUM(A1:A9)"
    assert rows[0]["Tags"] == "'-1+1, plain"
