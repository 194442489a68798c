"""Every page, wide and narrow, light and dark: nothing runs off it, and figures have words."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.records.runs import Run, RunState
from core.spec import Data, Experiment, Model, Stage, Training
from core.spec.blocks import NormalConv
from dashboard import navigation
from tests.end_to_end import pages
from tests.end_to_end.conftest import DESKTOP
from tests.end_to_end.served_lab import ServedLab

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NARROW: ViewportSize = {"width": 400, "height": 860}
PATHS = {
    **{entry.title.lower(): navigation.url_of(entry) for entry in navigation.PAGES},
    "a preset": "/presets?preset=l2",
    "run, curves": "/run?run={0}",
    "run, config": "/run?run={0}&tab=Config",
    "run, layers": "/run?run={0}&tab=Layers",
    "run, files": "/run?run={0}&tab=Files",
    "run, events": "/run?run={0}&tab=Events",
    "run, log": "/run?run={0}&tab=Log",
    "compare, curves": "/compare?runs={0},{1}",
    "compare, gap": "/compare?runs={0},{1}&tab=Overfit+gap",
    "compare, scores": "/compare?runs={0},{1}&tab=Scores",
    "compare, settings": "/compare?runs={0},{1}&tab=Settings",
    "predict, two runs": "/predict?runs={0},{1}",
}
"""Every page as the navigation opens it, and what links open on it."""


@pytest.fixture(scope="module")
def runs(lab: ServedLab) -> list[Run]:
    """Two finished runs with names as long as people make them."""
    experiment = Experiment(
        name="digits with a name that is rather longer than a phone is wide, and-a-hyphenated-end",
        data=Data(dataset="digits", train_size=200),
        model=Model(stages=(Stage(convolutions=(NormalConv(filters=8),)),), dense=()),
        training=Training(epochs=2, batch_size=32),
        seeds=(1, 2),
    )
    launched = lab.client.runs.submit(experiment, tags=("a tag", "another"))
    runs = lab.client.runs.wait([run.id for run in launched], timeout_s=200)
    assert {run.state for run in runs} == {RunState.FINISHED}
    return runs


@pytest.mark.parametrize("name", PATHS)
def test_figures_have_words_and_nothing_runs_off_a_narrow_page(
    browser: Browser, lab: ServedLab, runs: list[Run], name: str
) -> None:
    page = browser.new_page(viewport=DESKTOP, color_scheme="light")
    violations = pages.policy_violations(page.context)
    open_quiet(page, lab, runs, name)
    if name == "predict, two runs":
        picture, _ = pages.digit(0)
        pages.drop(page, {"zero.png": picture})
        pages.answers(page, "zero.png", num_runs=2)
    every_figure_has_words(page)
    nothing_runs_off_when_narrow(page)
    page.close()
    assert not violations


def nothing_runs_off_when_narrow(page: Page) -> None:
    """On a phone, light and dark: nobody has to scroll sideways."""
    page.set_viewport_size(NARROW)
    page.wait_for_function("document.documentElement.clientWidth <= 400")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for wide in ("html", "[data-testid=stMain]"):
            # Charts are drawn anew after the page has become narrow: wait for them.
            page.wait_for_function(
                "wide => { const e = document.querySelector(wide);"
                " return e.scrollWidth <= e.clientWidth }",
                arg=wide,
            )


def every_figure_has_words(page: Page) -> None:
    """Charts, pictures and tables, for those who do not see them."""
    for chart in page.locator(".live-chart").all():
        drawn = chart.locator(".main-svg[role=img]")
        expect(drawn).to_be_attached()
        assert len(drawn.get_attribute("aria-label") or "") > 10
    for picture_shown in page.get_by_test_id("stMain").locator("img").all():
        assert picture_shown.get_attribute("alt")
    for table in page.get_by_test_id("stDataFrame").all():
        assert table.locator("[aria-label]").count() or table.get_attribute("aria-label")


def open_quiet(page: Page, lab: ServedLab, runs: list[Run], name: str) -> None:
    """Open a page and wait until it is drawn to its end, charts included."""
    page.set_default_timeout(60_000)
    page.goto(lab.url + PATHS[name].format(*[run.id for run in runs]))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(page.locator(".live-chart__skeleton:visible")).to_have_count(0)
    assert page.get_by_test_id("stException").count() == 0


def test_every_message_comes_whole(browser: Browser, lab: ServedLab, runs: list[Run]) -> None:
    """None is left out because the browser had it once: it may have let go of it since.

    Streamlit leaves out those from 10 kB on, and ends the connection where the browser misses one.
    """
    page = browser.new_page(viewport=DESKTOP, color_scheme="light")
    messages: list[ForwardMsg] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: messages.append(read(frame))),
    )
    open_quiet(page, lab, runs, "compare, settings")
    page.get_by_test_id("stTopNavLink").filter(has_text="New experiment").click()
    expect(pages.launch_button(page)).to_be_enabled()
    page.go_back()
    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()
    page.get_by_test_id("stTopNavLink").filter(has_text="New experiment").click()
    expect(pages.launch_button(page)).to_be_enabled()
    page.close()
    assert max(message.ByteSize() for message in messages) > 10_000
    assert not any(message.HasField("ref_hash") for message in messages)
    assert not any(message.metadata.cacheable for message in messages)


def read(frame: str | bytes) -> ForwardMsg:
    """A message of the server to the page."""
    assert isinstance(frame, bytes)
    return ForwardMsg.FromString(frame)
