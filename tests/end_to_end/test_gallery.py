"""From the gallery to a comparison: a preset with its base, and a grid of four."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from core.records.runs import RunState
from tests.end_to_end import pages
from tests.end_to_end.served_lab import ServedLab

pytestmark = pytest.mark.browser


def launch_small(page: Page, url: str, words: str) -> None:
    """The gallery with what the words find, whose launches are on digits for one epoch."""
    page.goto(f"{url}/presets?find={words}")
    page.get_by_role("button", name=re.compile("^tune Launch|^Launch as each")).click()
    pages.choose(page, "Data set", "Digits")
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("1")
    epochs.press("Enter")
    expect(page.get_by_text("Launch on digits, 1 epoch")).to_be_visible()
    page.keyboard.press("Escape")
    pages.wait_until_drawn(page)


def compared(page: Page) -> list[str]:
    """The runs that the comparison's address names, once it is open."""
    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/compare\?.*runs="))
    return parse_qs(urlparse(page.url).query)["runs"][0].split(",")


@pytest.mark.slow
def test_a_preset_with_its_base_ends_in_their_comparison(page: Page, lab: ServedLab) -> None:
    launch_small(page, lab.url, "batch+norm+re-centres")
    page.get_by_role("button", name="Launch with its base").click()
    run_ids = compared(page)
    runs = lab.client.runs.list(ids=run_ids)
    assert [(run.preset, run.dataset, run.epochs) for run in runs] == [
        ("base_cnn", "digits", 1),
        ("batch_norm", "digits", 1),
    ]
    assert len({run.seed for run in runs}) == 1
    done = lab.client.runs.wait(run_ids, timeout_s=240)
    assert {run.state for run in done} == {RunState.FINISHED}
    pages.wait_for_curves(page, run_ids)
    page.reload()  # the link restores it
    assert compared(page) == run_ids
    pages.wait_for_curves(page, run_ids)


def test_a_card_opens_the_form_and_its_grid_is_launched_from_there(
    page: Page, lab: ServedLab
) -> None:
    page.goto(f"{lab.url}/presets?preset=l2")
    expect(page.get_by_text("L2 adds to the loss what all kernels weigh")).to_be_visible()
    expect(page.get_by_role("region", name="What L2 on the kernels changes")).to_be_visible()
    # Streamlit may lose a click in the moment when a drawing of the whole page begins or ends.
    pages.wait_until_drawn(page)
    page.get_by_role("link", name="Open in the form").first.click()
    expect(page.get_by_text("Started from the preset L2 on the kernels")).to_be_visible()
    pages.wait_until_drawn(page)
    pages.choose(page, "Data set", "Digits")
    expect(page.get_by_text("input 8 × 8 × 1")).to_be_visible()
    page.get_by_text("Vary a field: a grid of runs").click()
    page.get_by_role("button", name="Take the preset's grid of 4").click()
    expect(page.get_by_text("4 runs, one after the other about")).to_be_visible()
    page.get_by_role("button", name="Launch the grid of 4 runs").click()
    run_ids = compared(page)
    runs = lab.client.runs.list(ids=run_ids)
    coefficients = [run.config["model"]["regularization"]["conv_l2"] for run in runs]
    assert coefficients == [1e-4, 1e-3, 1e-2, 1e-1]
    for run in runs:
        expect(page.get_by_text(run.name).first).to_be_visible()
        lab.client.runs.stop(run.id)


def test_the_keyboard_alone_reaches_a_card_and_opens_it(page: Page, lab: ServedLab) -> None:
    page.goto(f"{lab.url}/presets?find=lenet+relu")
    search = page.get_by_role("searchbox", name="Search the presets")
    expect(search).to_have_value("lenet relu")
    pages.wait_until_drawn(page)
    search.focus()
    more = page.locator("summary").filter(has_text="What changes against the base")
    for _ in range(30):
        page.keyboard.press("Tab")
        if more.evaluate("summary => summary === document.activeElement"):
            break
    expect(more).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="What LeNet-5 with ReLU changes")).to_be_visible()
