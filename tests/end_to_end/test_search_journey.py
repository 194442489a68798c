"""A search in a real browser: around a run, watched, brushed, a trial stopped, the best promoted
and asked for a prediction."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.records.runs import Run, RunState
from core.records.searches import SearchState, TrialState
from core.spec import Data, Experiment, Model, Stage, Training
from core.spec.blocks import NormalConv
from core.spec.search import Budget
from tests.end_to_end import pages
from tests.end_to_end.served_lab import ServedLab, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
NUM_TRIALS = 4
LONG_EPOCHS = 400
"""More than anybody waits for: the trial that gets them is there to be stopped."""


@pytest.fixture(scope="module")
def base(lab: ServedLab) -> Run:
    """A small finished run, with a name that Markdown and HTML would each like to read."""
    experiment = Experiment(
        name="<i>base</i> [x](y)",
        data=Data(dataset="digits", train_size=300),
        model=Model(stages=(Stage(convolutions=(NormalConv(filters=8),)),), dense=()),
        training=Training(epochs=2, batch_size=32, learning_rate=3e-3),
    )
    [launched] = lab.client.runs.submit(experiment)
    [run] = lab.client.runs.wait([launched.id], timeout_s=240)
    assert run.state is RunState.FINISHED, run.failure
    return run


def test_from_a_run_to_the_best_trial(page: Page, lab: ServedLab, base: Run) -> None:
    start_around(page, lab, base)
    search_id = search_in_address(page)
    watch_trials_appear(page, lab, search_id)
    stop_one(page, lab, search_id)
    until(
        lambda: lab.client.searches.get(search_id).state is SearchState.FINISHED,
        300,
        lambda: str(lab.client.trials.list(search_id)),
    )
    brush(page, lab, search_id)
    promote(page, lab, search_id)
    predict(page, lab, search_id)


def start_around(page: Page, lab: ServedLab, base: Run) -> None:
    """From the run's page to the form; a wrong range is said at its field and cannot start."""
    page.goto(f"{lab.url}/run?run={base.id}")
    page.get_by_role("link", name="Search around this run").click()
    expect(page.get_by_role("heading", name="New search")).to_be_visible()
    start = page.get_by_role("button", name="Start the search")
    expect(start).to_be_enabled()
    lowest = page.get_by_role("spinbutton", name="Minimum", exact=True).first
    lowest.fill("0.9")
    lowest.press("Enter")
    expect(page.get_by_text("is above the maximum").first).to_be_visible()
    expect(start).to_be_disabled()
    assert not lab.client.searches.list()
    pages.fill(page, "Trials", str(NUM_TRIALS))
    lowest.fill("0.0003")
    lowest.press("Enter")
    expect(start).to_be_enabled()
    expect(page.get_by_text(re.compile("Unlimited combinations"))).to_be_visible()
    start.click()
    expect(page).to_have_url(re.compile(r"[?&]search=[0-9a-f]+"))


def watch_trials_appear(page: Page, lab: ServedLab, search_id: str) -> None:
    """A line a trial and its curve, without the page being loaded again."""
    page.evaluate("window.stillHere = true")
    expect(lines(page)).not_to_have_count(0, timeout=240_000)
    expect(page.get_by_text(re.compile(rf"[1-9] of {NUM_TRIALS} trials done"))).to_be_visible(
        timeout=240_000
    )
    page.wait_for_function(
        """() => [...document.querySelectorAll(".live-chart__plot")].some(
            (plot) => (plot._fullData ?? []).some((trace) => trace.uid === "best"))"""
    )
    assert page.evaluate("window.stillHere")


def stop_one(page: Page, lab: ServedLab, search_id: str) -> None:
    """A trial by hand that would train for minutes is stopped from the table."""
    lab.client.searches.wait(search_id, timeout_s=300)
    limits = Budget(max_trials=NUM_TRIALS, epochs=LONG_EPOCHS)
    lab.client.searches.change_budget(search_id, limits)
    trial = lab.client.trials.enqueue(search_id, {"learning_rate": 0.00051, "conv_dropout": 0.3})
    until(
        lambda: lab.client.trials.list(search_id)[-1].state is TrialState.RUNNING,
        120,
        lambda: str(lab.client.trials.list(search_id)[-1]),
    )
    expect(lines(page)).to_have_count(trial.number)
    select_newest(page)
    # Streamlit has a Stop of its own above the page while a script runs.
    page.get_by_test_id("stTabs").get_by_role("button", name="Stop", exact=True).click()
    until(
        lambda: lab.client.trials.list(search_id)[-1].state.is_ended,
        120,
        lambda: str(lab.client.trials.list(search_id)[-1]),
    )
    assert lab.client.trials.list(search_id)[-1].state is TrialState.STOPPED


def select_newest(page: Page) -> None:
    """Tick the first row. The table is a canvas: it is clicked where its box is drawn."""
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + 53)
    expect(page.get_by_role("button", name="Hide", exact=True)).to_be_visible()


def brush(page: Page, lab: ServedLab, search_id: str) -> None:
    """Drag over the upper half of the score's axis: fewer lines, fewer rows, and all back."""
    total = len(lab.client.trials.list(search_id))
    pages.wait_for_state(page, "finished")
    expect(page.locator(".parallel__line--dashed")).to_have_count(0)
    # Not the axis itself: it is drawn anew with every trial that ends.
    page.locator(".parallel__frame").scroll_into_view_if_needed()
    box = page.get_by_role("slider", name=re.compile("val_accuracy")).bounding_box()
    assert box is not None
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.3 * box["height"], steps=4)
    page.mouse.up()
    told = page.get_by_text(re.compile(rf"The brush keeps (\d+) of {total} trials"))
    expect(told).to_be_visible()
    kept = int(re.search(r"keeps (\d+)", told.inner_text())[1])  # type: ignore[index]
    assert 1 <= kept < total
    expect(page.get_by_text(re.compile(rf"^{kept} trials? of {total}$"))).to_be_visible()
    expect(page.locator(".parallel__line--out")).to_have_count(total - kept)
    page.get_by_role("button", name="Clear the brush").click()
    expect(page.locator(".parallel__line--out")).to_have_count(0)
    expect(page.get_by_text(f"{total} trials of {total}")).to_be_visible()


def promote(page: Page, lab: ServedLab, search_id: str) -> None:
    """The best one again with two seeds; the table says how much of its score was luck."""
    page.get_by_role("tab", name="Promote").click()
    seeds = page.get_by_role("textbox", name="with seeds")
    seeds.fill("5, 6")
    page.get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_text(re.compile("n = 2$"))).to_be_visible(timeout=300_000)
    [promoted] = lab.client.trials.promotions(search_id)
    assert promoted.number == lab.client.searches.get(search_id).best_number
    assert len(promoted.scores) == 2
    expect(page.get_by_role("cell", name=re.compile("points"))).to_be_visible()


def predict(page: Page, lab: ServedLab, search_id: str) -> None:
    """From the best trial to what it makes of a digit."""
    page.get_by_role("tab", name="Best trial").click()
    page.get_by_role("link", name="Predict an image").click()
    expect(page.get_by_role("heading", name="Predict", level=1)).to_be_visible()
    picture, _ = pages.digit(3)
    pages.drop(page, {"three.png": picture})
    [top] = pages.answers(page, "three.png", num_runs=1).values()
    pages.assert_top_five(top)


def lines(page: Page) -> Locator:
    """The trials in the parallel coordinates."""
    return page.locator(".parallel__line")


def search_in_address(page: Page) -> str:
    """Which search the address names."""
    found = re.search(r"search=([0-9a-f]+)", page.url)
    assert found is not None, page.url
    return found[1]
