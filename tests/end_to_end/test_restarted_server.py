"""Promise: a page that stays open while its server is restarted is a working page again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.records.runs import Run, RunState
from tests.core.store.lives import epoch, running
from tests.end_to_end import pages
from tests.end_to_end.browser import LAUNCH_ARGUMENTS, chromium_path
from tests.end_to_end.conftest import DESKTOP
from tests.end_to_end.served_lab import ServedLab

pytestmark = pytest.mark.browser
LOST = re.compile("The server restarted, and images that were added before are gone")


@pytest.fixture(scope="module")
def run(still_lab: ServedLab) -> Run:
    """A finished run, which the page Predict offers."""
    store = still_lab.client.store
    run = running(store)
    store.metrics.save_epoch(run.id, run.attempt, epoch(1))
    store.runs.end(run.id, run.attempt, RunState.FINISHED, reason="for the test")
    return store.runs.get(run.id)


def restart(page: Page, lab: ServedLab) -> None:
    """Restart the server under the open page, and wait until the page has a session there."""
    # A page whose scripts are still on their way is cut off in its loading: that needs a reload.
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    app = page.get_by_test_id("stApp")
    lab.kill_server()
    expect(app).not_to_have_attribute("data-test-connection-state", "CONNECTED")
    lab.serve()
    # Nobody shall start the runs that these tests make up.
    lab.client.machine.stop_supervisor()
    expect(app).to_have_attribute("data-test-connection-state", "CONNECTED")
    pages.wait_until_drawn(page)


def open_predict(page: Page, lab: ServedLab, run: Run) -> None:
    """The page with the ways to bring pictures."""
    page.goto(f"{lab.url}/predict?runs={run.id}")
    expect(page.get_by_test_id("stFileUploaderDropzone")).to_be_visible()
    pages.wait_until_drawn(page)


def has_no_error(page: Page) -> None:
    """Nothing ended with Streamlit's own banner."""
    expect(page.get_by_text(re.compile("encountered an error"))).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_picture_dropped_after_a_restart_is_taken(
    page: Page, still_lab: ServedLab, run: Run
) -> None:
    open_predict(page, still_lab, run)
    pages.drop(page, {"first.png": pages.digit(0)[0]})
    expect(page.get_by_alt_text("first.png, original")).to_be_visible()
    restart(page, still_lab)
    expect(page.get_by_text(LOST)).to_be_visible()
    pages.drop(page, {"second.png": pages.digit(1)[0]})
    expect(page.get_by_alt_text("second.png, original")).to_be_visible()
    pages.drop(page, {"third.png": pages.digit(2)[0]})
    expect(page.get_by_alt_text("third.png, original")).to_be_visible()
    expect(page.get_by_alt_text("second.png, original")).to_be_visible()
    expect(page.get_by_text(LOST)).to_have_count(0)
    has_no_error(page)


def test_a_picture_pasted_before_a_restart_is_named_and_the_next_one_taken(
    page: Page, still_lab: ServedLab, run: Run
) -> None:
    open_predict(page, still_lab, run)
    paste(page, "first.png", pages.digit(0)[0])
    restart(page, still_lab)
    page.get_by_test_id("stChatInputSubmitButton").click()
    expect(page.get_by_text(LOST)).to_be_visible()
    has_no_error(page)
    paste(page, "second.png", pages.digit(1)[0])
    page.get_by_test_id("stChatInputSubmitButton").click()
    expect(page.get_by_alt_text("second.png, original")).to_be_visible()
    has_no_error(page)


def paste(page: Page, name: str, content: bytes) -> None:
    """Put a picture into the box, not sent yet, and wait until the server has it."""
    box = page.get_by_test_id("stChatInput")
    with page.expect_response(re.compile("/_stcore/upload_file/")):
        box.locator("input[type=file]").first.set_input_files(
            {"name": name, "mimeType": "image/png", "buffer": content}
        )
    expect(page.get_by_test_id("stChatInputSubmitButton")).to_be_enabled()


@pytest.fixture
def camera_page(browser: Browser) -> Iterator[Page]:
    """A window of a browser whose camera films a test picture."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    filming = browser.browser_type.launch(
        executable_path=chromium_path(), args=[*LAUNCH_ARGUMENTS, *fake]
    )
    context = filming.new_context(viewport=DESKTOP, permissions=["camera"])
    violations = pages.policy_violations(context)
    yield context.new_page()
    filming.close()
    assert not violations


def snap(page: Page) -> None:
    """Take a picture once the camera gives one: an earlier click is lost."""
    expect(page.locator("video")).to_have_js_property("readyState", 4)
    page.get_by_role("button", name="Take Photo").click()


def test_a_picture_snapped_after_a_restart_is_taken(
    camera_page: Page, still_lab: ServedLab, run: Run
) -> None:
    page = camera_page
    open_predict(page, still_lab, run)
    page.get_by_text("Camera", exact=True).click()
    snap(page)
    expect(page.get_by_alt_text(re.compile(", original"))).to_be_visible()
    restart(page, still_lab)
    expect(page.get_by_text(LOST)).to_be_visible()
    has_no_error(page)
    page.get_by_role("button", name="Clear photo").click()
    snap(page)
    expect(page.get_by_alt_text(re.compile(", original"))).to_be_visible()
    has_no_error(page)


def link(page: Page, label: str) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text=label).click()


def open_tab(page: Page, label: str) -> None:
    page.get_by_role("tab", name=label).click()


def leave_overview(page: Page) -> None:
    link(page, "Runs")
    expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()


def change_form(page: Page) -> None:
    expect(pages.launch_button(page)).to_be_enabled()
    pages.fill(page, "Epochs", "7")
    expect(pages.launch_button(page)).to_be_enabled()


def search_presets(page: Page) -> None:
    box = page.get_by_test_id("stMain").get_by_role("searchbox").first
    box.fill("dropout")
    box.press("Enter")
    expect(page.get_by_text(re.compile(r"^\d presets? of"))).to_be_visible()


def filter_runs(page: Page) -> None:
    box = page.get_by_test_id("stMain").get_by_role("searchbox").first
    box.fill("there is no such run")
    box.press("Enter")
    expect(page.get_by_text("No run matches")).to_be_visible()


def open_events(page: Page) -> None:
    open_tab(page, "Events")
    expect(page.get_by_text("for the test").first).to_be_visible()


def open_scores(page: Page) -> None:
    open_tab(page, "Scores")
    expect(page.get_by_role("region", name="First, best and last scores")).to_be_visible()


def change_search(page: Page) -> None:
    pages.fill(page, "Trials", "7")
    expect(page.get_by_text(re.compile("at most 7 trials"))).to_be_visible()


def show_camera(page: Page) -> None:
    page.get_by_text("Camera", exact=True).click()
    expect(page.get_by_test_id("stCameraInput")).to_be_visible()


CLICKS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "overview": ("/", leave_overview),
    "new experiment": ("/new_experiment", change_form),
    "presets": ("/presets", search_presets),
    "runs": ("/runs", filter_runs),
    "run": ("/run?run={0}", open_events),
    "compare": ("/compare?runs={0}", open_scores),
    "a new search": ("/search?new=preset:lab_search", change_search),
    "predict": ("/predict?runs={0}", show_camera),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CLICKS)
def test_every_page_works_on_after_a_restart(
    page: Page, still_lab: ServedLab, run: Run, name: str
) -> None:
    address, click = CLICKS[name]
    page.goto(still_lab.url + address.format(run.id))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    pages.wait_until_drawn(page)
    restart(page, still_lab)
    click(page)
    has_no_error(page)


def test_a_download_that_was_drawn_before_a_restart_works_after_it(
    page: Page, still_lab: ServedLab, run: Run
) -> None:
    page.goto(f"{still_lab.url}/run?run={run.id}&tab=Files")
    button = page.get_by_role("button", name="Experiment (TOML)")
    expect(button).to_be_visible()
    restart(page, still_lab)
    with page.expect_download() as download:
        button.click()
    assert "digits" in download.value.path().read_text()
    has_no_error(page)
