"""Fails when a value from the session always reaches the browser: `field_values` can go then."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from tests.dashboard.streamlit_workarounds.conftest import Opener
from tests.dashboard.streamlit_workarounds.slow_answers import ON_SERVER_MS, SlowAnswers


@pytest.mark.browser
def test_streamlit_leaves_a_field_empty_that_two_runs_have_drawn(
    page: Page, open_plain: Opener
) -> None:
    """Two clicks over a slow connection: the first run sends the value, the second is shown."""
    connection = SlowAnswers(page)
    open_plain("number_later")
    connection.hold()
    page.get_by_role("button", name="Add").click()
    page.wait_for_timeout(ON_SERVER_MS)
    page.get_by_role("button", name="Other").click()
    page.wait_for_timeout(ON_SERVER_MS)
    connection.release()
    expect(page.get_by_text("on the server 5")).to_be_visible()
    expect(page.get_by_role("spinbutton")).to_have_value("")


def _form() -> None:
    import streamlit as st

    from dashboard.streamlit_workarounds import field_values

    with field_values.sending("here") as values:
        values.send("number", 5)
        st.number_input("Number", value=None, key="number")


def test_our_forms_send_a_value_in_two_runs_that_follow_closely() -> None:
    app = AppTest.from_function(_form)
    for _ in range(2):
        [number] = app.run().number_input
        assert number.proto.set_value
