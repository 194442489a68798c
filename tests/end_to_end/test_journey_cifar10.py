"""The same way with real pictures: a thousand of CIFAR-10, two networks, a PNG."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.records.runs import RunState
from tests.end_to_end import pages
from tests.end_to_end.served_lab import ServedLab
from tests.end_to_end.test_live_chart import chart, points

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.cifar10,
    pytest.mark.timeout(500),
]
CLASSES = {
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
}


def test_real_pictures_from_the_form_to_a_prediction(page: Page, lab: ServedLab) -> None:
    pages.open_form(page, lab.url)
    pages.start_from_preset(page, "Basic CNN")
    pages.fill(page, "Epochs", "2")
    pages.fill(page, "Training images", "600")
    expect(page.get_by_text("2 epochs: about")).to_be_visible()
    expect(page.get_by_text("input 32 × 32 × 3")).to_be_visible()
    pages.launch(page)
    watch_to_the_end(page)
    pages.open_form(page)
    pages.fill(page, "Dropout after dense layers", "0.5")
    pages.launch(page, nth=2)
    watch_to_the_end(page)

    runs = lab.client.runs.list()
    assert [(run.state, run.epochs_done) for run in runs] == [(RunState.FINISHED, 2)] * 2
    assert {run.config["data"]["train_size"] for run in runs} == {600}
    pages.open_form(page)
    page.get_by_role("link", name=re.compile("Compare these")).click()
    pages.wait_for_curves(page, [run.id for run in runs])
    page.get_by_role("link", name="Predict an image").click()
    pages.drop(page, {"frog.png": photograph(lab, runs[0].id)})
    for top in pages.answers(page, "frog.png", num_runs=2).values():
        pages.assert_top_five(top)
        assert {label for label, _ in top} <= CLASSES
    expect(page.get_by_alt_text("frog.png, model input 32 × 32 × 3")).to_be_visible()


def watch_to_the_end(page: Page) -> None:
    """Both epochs on the curve, and the run finished."""
    plot = chart(page)
    pages.wait_for_state(page, "finished", timeout_s=300)
    page.wait_for_function("plot => plot._fullData?.[0]?.x.length === 2", arg=plot.element_handle())
    assert points(plot) == 2


def photograph(lab: ServedLab, run_id: str) -> bytes:
    """A picture of the data set, enlarged as a phone's would be: the network sees 32 x 32."""
    [sample] = lab.client.datasets.validation_samples(run_id, 1, seed=3)
    file = BytesIO()
    Image.open(BytesIO(sample.content)).resize((640, 640)).save(file, "PNG")
    return file.getvalue()
