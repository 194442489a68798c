"""Promise: a list where nothing is at work rests, and wakes when somebody launches elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.records.runs import ACTIVE_STATES
from core.spec.files import read_preset
from core.spec.overrides import override
from tests.end_to_end.pages import wait_until_drawn
from tests.end_to_end.served_lab import ServedLab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RESTS = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    const now = performance.now();
    if (app.dataset.testScriptState !== 'notRunning') window.lastDrawn = now;
    window.lastDrawn ??= now;
    return now > 16000 && now - window.lastDrawn > 3000;
}"""
"""No drawing on its way, ten seconds and the slowest pace after the page was opened: it asks only
whether something changed from here on."""


LEFT_IN_PEACE = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    window.drawings ??= [];
    if (!window.watching) {
        window.watching = new MutationObserver(() => {
            if (app.dataset.testScriptState === 'running') window.drawings.push(performance.now());
        });
        window.watching.observe(app, {attributeFilter: ['data-test-script-state']});
        window.since = performance.now();
    }
    return performance.now() - window.since > 14000;
}"""
"""Longer than the last looks of a list at a lab where nothing is at work."""


def test_a_form_is_not_drawn_again_by_itself(page: Page, still_lab: ServedLab) -> None:
    page.goto(f"{still_lab.url}/new_experiment?preset=basic_cnn")
    expect(page.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value("15")
    wait_until_drawn(page)
    page.wait_for_function(LEFT_IN_PEACE, polling=200)
    assert page.evaluate("window.drawings") == []


@pytest.mark.parametrize("path", ["/runs", "/"])
def test_a_run_from_the_command_line_appears(page: Page, lab: ServedLab, path: str) -> None:
    page.goto(lab.url + path)
    page.wait_for_function(RESTS, polling=20)
    experiment = override(read_preset("basic_cnn").experiment, ["data.dataset=digits"])
    name = f"from elsewhere {path.count('r')}"
    lab.client.store.runs.add(experiment.model_copy(update={"name": name}))
    in_table = page.locator("canvas").get_by_text(name)
    expect(page.get_by_text(name).or_(in_table).first).to_be_attached()
    # The lab's supervisor may have begun it.
    for run in lab.client.runs.list(states=ACTIVE_STATES):
        lab.client.runs.stop(run.id)
    lab.client.runs.wait([run.id for run in lab.client.runs.list()], timeout_s=60)
