"""Fails when a popover closes after its form, or lets go of links: `popovers` can go then."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from tests.dashboard.streamlit_workarounds.conftest import Opener
from tests.end_to_end.pages import wait_until_drawn

SETTLED_MS = 2_000
"""There is no sign that nothing more will come."""


@pytest.mark.browser
def test_streamlit_leaves_a_popover_open_after_its_form(open_plain: Opener) -> None:
    page = open_plain("popover_form")
    page.get_by_role("button", name="Box").click()
    page.get_by_label("Name").fill("x")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved")).to_be_visible()
    page.wait_for_timeout(SETTLED_MS)
    expect(page.get_by_label("Name")).to_be_visible()


@pytest.mark.browser
def test_streamlit_loses_a_link_that_closes_a_popover(open_plain: Opener) -> None:
    page = open_plain("popover")
    page.get_by_role("button", name="Box").click()
    expect(page.get_by_text("inside")).to_be_visible()
    wait_until_drawn(page)
    page.get_by_role("link", name="other").click()
    page.wait_for_timeout(SETTLED_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("popover")


def test_streamlit_replaces_a_page_that_waits_by_that_of_a_later_request() -> None:
    """The reason. It holds for `fragment_pace` as well."""
    requests = ScriptRequests()
    requests.request_rerun(RerunData(page_script_hash="the page of a link"))
    requests.request_rerun(RerunData(page_script_hash="the page before"))
    assert requests.on_scriptrunner_ready().rerun_data.page_script_hash == "the page before"
