"""Promise: a list where nothing is at work rests, and wakes when somebody launches elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.spec.files import read_preset
from core.spec.overrides import override
from core.store.records import ACTIVE_STATES
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


@pytest.mark.parametrize("path", ["/runs", "/"])
def test_a_run_from_the_command_line_appears(page: Page, lab: ServedLab, path: str) -> None:
    page.goto(lab.url + path)
    page.wait_for_function(RESTS, polling=20)
    experiment = override(read_preset("basic_cnn").experiment, ["data.dataset=digits"])
    name = f"from elsewhere {path.count('r')}"
    lab.client.store.add_runs(experiment.model_copy(update={"name": name}))
    in_table = page.locator("canvas").get_by_text(name)
    expect(page.get_by_text(name).or_(in_table).first).to_be_attached()
    # The lab's supervisor may have begun it.
    for run in lab.client.runs(states=ACTIVE_STATES):
        lab.client.stop(run.id)
    lab.client.wait([run.id for run in lab.client.runs()], timeout_s=60)
