"""The whole way in a real browser: configure, launch, watch, regularise, compare, predict."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.records.runs import RunState
from tests.end_to_end import pages
from tests.end_to_end.conftest import DESKTOP
from tests.end_to_end.served_lab import ServedLab
from tests.end_to_end.test_live_chart import (
    chart,
    drag_a_zoom,
    mark,
    marks,
    points,
    ranges,
    visible,
    wait_for_more_points,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
NUM_EPOCHS = 24
"""Enough for a zoom while it trains; an epoch of digits takes well under a second."""


def test_from_the_form_to_a_prediction(browser: Browser, page: Page, lab: ServedLab) -> None:
    pages.open_form(page, lab.url)
    pages.start_from_preset(page, "Basic CNN")
    pages.choose(page, "Data set", "Digits")
    pages.fill(page, "Epochs", str(NUM_EPOCHS))
    pages.fill(page, "Batch size", "32")
    expect(page.get_by_text(f"{NUM_EPOCHS} epochs: about")).to_be_visible()
    expect(page.get_by_text("input 8 × 8 × 1")).to_be_visible()
    pages.launch(page)
    plain = pages.run_id(page)

    watch_the_curve_grow(page)
    pages.wait_for_state(page, "finished")

    pages.open_form(page)
    pages.fill(page, "Epochs", "4")
    pages.fill(page, "Dropout after stages", "0.25")
    pages.fill(page, "Dropout after dense layers", "0.5")
    expect(page.get_by_text("4 epochs: about")).to_be_visible()
    expect(page.get_by_role("rowheader", name=re.compile("Dropout")).first).to_be_visible()
    pages.launch(page, nth=2)
    dropped = pages.run_id(page)
    pages.wait_for_state(page, "finished")
    for run, epochs, dropout in ((plain, NUM_EPOCHS, 0.0), (dropped, 4, 0.25)):
        stored = lab.client.runs.get(run)
        assert (stored.state, stored.epochs_done, stored.dataset) == (
            RunState.FINISHED,
            epochs,
            "digits",
        )
        assert stored.config["model"]["regularization"]["conv_dropout"] == dropout
        assert stored.config["training"]["batch_size"] == 32

    compare(browser, page, [plain, dropped])
    predict(page)


def watch_the_curve_grow(page: Page) -> None:
    """More points on the same node; the reader's zoom and hidden trace stay."""
    plot = chart(page)
    page.wait_for_function("plot => plot._fullData?.length > 1", arg=plot.element_handle())
    mark(plot)
    first = points(plot)
    wait_for_more_points(page, plot, first)
    before = ranges(plot)
    drag_a_zoom(page, plot)
    page.wait_for_function(
        "([plot, before]) => plot._fullLayout.xaxis.range[0] !== before",
        arg=[plot.element_handle(), before[0][0]],
    )
    plot.locator(".legendtoggle").last.click()
    page.wait_for_function(
        "plot => plot._fullData.some(t => t.visible === 'legendonly')", arg=plot.element_handle()
    )
    zoomed, seen, count = ranges(plot), visible(plot), points(plot)
    assert count < NUM_EPOCHS, "the run was over before the zoom: give it more epochs"
    wait_for_more_points(page, plot, count)
    assert (ranges(plot), visible(plot), marks(plot)) == (zoomed, seen, [1, 2])
    expect(page.get_by_text(re.compile("finished")).first).to_be_visible(timeout=120_000)
    page.wait_for_function(
        "([plot, all]) => plot._fullData[0].x.length === all",
        arg=[plot.element_handle(), NUM_EPOCHS],
    )
    assert (ranges(plot), visible(plot), marks(plot)) == (zoomed, seen, [1, 2])


def compare(browser: Browser, page: Page, run_ids: list[str]) -> None:
    """Both curves in one chart; the address brings the view back to somebody else."""
    pages.open_form(page)
    page.get_by_role("link", name=re.compile("Compare these")).click()
    pages.wait_for_curves(page, run_ids)
    page.get_by_role("radio", name="Log").click()
    page.get_by_role("tab", name="Settings").click()
    expect(settings(page)).to_contain_text("Dropout after stages")
    expect(page).to_have_url(re.compile("scale=Log"))
    expect(page).to_have_url(re.compile("tab=Settings"))

    other = browser.new_context(viewport=DESKTOP).new_page()
    other.goto(page.url)
    expect(settings(other)).to_contain_text("Dropout after stages", timeout=60_000)
    assert settings(other).inner_text() == settings(page).inner_text()
    expect(other.get_by_role("radio", name="Log")).to_be_checked()
    other.get_by_role("tab", name="Curves").click()
    loss = chart(other)
    other.wait_for_function(
        "plot => plot._fullLayout?.yaxis.type === 'log'", arg=loss.element_handle()
    )
    other.context.close()


def settings(page: Page) -> Locator:
    """What differs between the runs."""
    return page.get_by_role("region", name="Settings of the runs")


def predict(page: Page) -> None:
    """A good and a broken picture fall onto the page; both networks name the good one."""
    page.get_by_role("link", name="Predict an image").click()
    picture, truth = pages.digit(0)
    pages.drop(page, {"zero.png": picture, "broken.png": picture[:60]})
    for label, top in pages.answers(page, "zero.png", num_runs=2).items():
        pages.assert_top_five(top)
        assert top[0][0] == truth, (label, top)
    expect(page.get_by_role("alert").filter(has_text="broken.png")).to_be_visible()
    expect(page.locator(".seen")).to_have_count(1)
