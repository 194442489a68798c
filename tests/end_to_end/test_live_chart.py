"""In a real browser: what a reader did to a chart survives every update."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from tests.end_to_end.browser import LAUNCH_ARGUMENTS, chromium_path

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).with_name("live_chart_page.py")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for the page, in a folder of its own with the project's own configuration."""
    folder = tmp_path_factory.mktemp("live_chart")
    shutil.copy(PAGE, folder / "page.py")
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    (folder / "static").mkdir()
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "streamlit", "run", "page.py", "--server.port", str(port)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_until_healthy(url, server, folder / "server.log")
            yield url
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"The server did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.fail("No Chromium found; `make test` installs one.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(LAUNCH_ARGUMENTS))
        yield chromium
        chromium.close()


def open_page(browser: Browser, url: str, **context: Any) -> Page:
    page = browser.new_page(**({"viewport": {"width": 1440, "height": 900}} | context))
    page.set_default_timeout(60_000)
    page.goto(url)
    expect(page.get_by_text("end of page")).to_be_visible(timeout=60_000)
    return page


def chart(page: Page) -> Locator:
    """The first chart's plot, drawn."""
    expect(page.locator(".main-svg[role=img]").first).to_be_visible(timeout=60_000)
    return page.locator(".live-chart__plot").first


def points(plot: Locator) -> int:
    return int(plot.evaluate("plot => plot._fullData[0].x.length"))


def wait_for_more_points(page: Page, plot: Locator, than: int) -> None:
    page.wait_for_function(
        "([plot, than]) => plot._fullData[0].x.length > than", arg=[plot.element_handle(), than]
    )


def ranges(plot: Locator) -> list[list[float]]:
    return list(
        plot.evaluate("plot => [plot._fullLayout.xaxis.range, plot._fullLayout.yaxis.range]")
    )


def visible(plot: Locator) -> dict[str, Any]:
    return dict(
        plot.evaluate("plot => Object.fromEntries(plot._fullData.map(t => [t.uid, t.visible]))")
    )


def mark(plot: Locator) -> None:
    """A property on the node and on its drawing: a node made anew would not have it."""
    plot.evaluate("plot => { plot.mark = 1; plot.querySelector('.main-svg').mark = 2; }")


def marks(plot: Locator) -> list[int | None]:
    return list(plot.evaluate("plot => [plot.mark, plot.querySelector('.main-svg').mark]"))


def drag_a_zoom(page: Page, plot: Locator) -> None:
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    x, y = box["x"], box["y"]
    page.mouse.move(x + 0.3 * box["width"], y + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(x + 0.6 * box["width"], y + 0.7 * box["height"], steps=5)
    page.mouse.up()


def test_zoom_and_hidden_traces_survive_updates_on_the_same_node(
    browser: Browser, address: str
) -> None:
    page = open_page(browser, address)
    plot = chart(page)
    mark(plot)
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
    assert zoomed[0][0] > before[0][0]
    assert zoomed[1][1] < before[1][1]
    assert seen["run-1-validation"] == "legendonly"
    assert seen["run-0-validation"] is True

    wait_for_more_points(page, plot, count + 1)
    assert (ranges(plot), visible(plot), marks(plot)) == (zoomed, seen, [1, 2])

    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_text("The page ran again.")).to_be_visible()
    wait_for_more_points(page, plot, points(plot))
    assert (ranges(plot), visible(plot), marks(plot)) == (zoomed, seen, [1, 2])

    page.locator("label", has_text="Logarithmic").click()
    page.wait_for_function(
        "plot => plot._fullLayout.yaxis.type === 'log'", arg=plot.element_handle()
    )
    assert ranges(plot)[0] == zoomed[0], "another y axis must not cost the zoom on x"
    assert marks(plot) == [1, 2]
    page.close()


def test_the_zoom_can_be_taken_back_and_the_chart_saved(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/?frozen=1")
    plot = chart(page)
    before = ranges(plot)
    drag_a_zoom(page, plot)
    page.wait_for_function(
        "([plot, before]) => plot._fullLayout.xaxis.range[0] !== before",
        arg=[plot.element_handle(), before[0][0]],
    )
    plot.get_by_role("button", name="Reset axes").click()
    page.wait_for_function(
        "([plot, before]) => plot._fullLayout.xaxis.range[0] === before",
        arg=[plot.element_handle(), before[0][0]],
    )
    for name, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        with page.expect_download() as saved:
            plot.get_by_role("button", name=f"Download as {name}").click()
        assert Path(saved.value.path()).read_bytes().startswith(start)
    page.close()


def test_a_switch_of_theme_recolours_the_chart_without_a_reload(
    browser: Browser, address: str
) -> None:
    page = open_page(browser, f"{address}/?frozen=1", color_scheme="light")
    plot = chart(page)
    mark(plot)
    drag_a_zoom(page, plot)
    colours = "plot => [plot._fullLayout.paper_bgcolor, plot._fullLayout.font.color]"
    light = plot.evaluate(colours)
    zoomed = ranges(plot)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "([plot, light]) => plot._fullLayout.paper_bgcolor !== light",
        arg=[plot.element_handle(), light[0]],
    )
    dark = plot.evaluate(colours)
    assert dark[1] != light[1]
    shown = page.locator("[data-testid=stApp]").evaluate("e => getComputedStyle(e).backgroundColor")
    drawn = plot.locator(".main-svg").first.evaluate("e => getComputedStyle(e).backgroundColor")
    assert drawn == shown
    assert (ranges(plot), marks(plot)) == (zoomed, [1, 2])
    page.close()


def test_a_narrow_page_shows_whole_charts(browser: Browser, address: str) -> None:
    page = open_page(
        browser, f"{address}/?frozen=1&runs=4", viewport={"width": 1440, "height": 900}
    )
    plot = chart(page)
    mark(plot)
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_function("plot => plot._fullLayout.width < 400", arg=plot.element_handle())
    box = plot.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400
    assert box["height"] == 420
    for entry in plot.locator(".legendtext").all():
        text = entry.bounding_box()
        assert text is not None
        assert text["x"] + text["width"] <= 400
        assert text["y"] + text["height"] <= box["y"] + box["height"]
    assert marks(plot) == [1, 2]
    page.close()


def test_keyboard_and_screen_reader(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/?frozen=1")
    plot = chart(page)
    expect(page.get_by_role("img", name="Loss over 8 epochs")).to_be_visible()
    entry = plot.get_by_role("button", name="Show or hide plain")
    entry.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "plot => plot._fullData[0].visible === 'legendonly'", arg=plot.element_handle()
    )
    expect(plot.get_by_role("button", name="Show or hide plain")).to_have_attribute(
        "aria-pressed", "false"
    )
    assert plot.evaluate("plot => document.activeElement.classList.contains('legendtoggle')")
    pan = plot.get_by_role("button", name="Pan")
    pan.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("plot => plot._fullLayout.dragmode === 'pan'", arg=plot.element_handle())
    page.close()


def test_all_charts_of_a_page_share_one_library(browser: Browser, address: str) -> None:
    page = browser.new_page()
    requests: list[str] = []
    page.on(
        "request", lambda request: requests.append(request.url) if "plotly" in request.url else None
    )
    page.goto(f"{address}/?frozen=1")
    expect(page.locator(".main-svg[role=img]")).to_have_count(4, timeout=60_000)
    assert len(requests) == 1
    page.close()


def test_until_the_library_is_there_a_skeleton_of_the_same_height_is_shown(
    browser: Browser, address: str
) -> None:
    page = browser.new_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/plotly.min.js*", hold)
    page.goto(f"{address}/?frozen=1")
    expect(page.locator(".live-chart__skeleton").first).to_be_visible(timeout=60_000)
    frame = page.locator(".live-chart").first
    expect(page.get_by_text("end of page")).to_be_visible(timeout=60_000)
    waiting = frame.bounding_box()
    assert waiting is not None
    assert waiting["height"] == 420
    held[0].continue_()
    chart(page)
    expect(page.locator(".live-chart__skeleton").first).to_be_hidden()
    assert frame.bounding_box() == waiting
    page.close()


def test_a_library_that_does_not_load_is_said_in_words(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.route("**/plotly.min.js*", lambda route: route.abort())
    page.goto(f"{address}/?frozen=1")
    expect(page.get_by_role("alert").first).to_contain_text(
        "could not be drawn: the drawing library did not load", timeout=60_000
    )
    page.close()


def test_a_figure_that_cannot_be_drawn_is_said_in_words(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/?frozen=1&broken=1")
    expect(page.get_by_role("alert").first).to_contain_text("could not be drawn", timeout=60_000)
    page.close()


def test_no_update_disturbs_a_drag_and_none_is_lost(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
    plot = chart(page)
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 150, steps=3)
    during = points(plot)
    expect(page.get_by_text(f"epochs: {during + 3} ")).to_be_visible()
    assert points(plot) == during
    page.mouse.up()
    wait_for_more_points(page, plot, during + 2)
    page.close()


def test_a_finger_scrolls_the_page_and_not_the_chart(browser: Browser, address: str) -> None:
    page = open_page(
        browser,
        f"{address}/?frozen=1",
        viewport={"width": 400, "height": 900},
        has_touch=True,
        is_mobile=True,
    )
    plot = chart(page)
    assert plot.evaluate("plot => plot._fullLayout.dragmode") is False
    expect(plot.get_by_role("button", name="Zoom")).to_be_visible()
    page.close()
