"""Fails when a number input need not show its clear button: `number_clear_button` can go then."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.streamlit_workarounds.conftest import Opener

pytestmark = pytest.mark.browser


def test_streamlit_shows_the_button_wherever_value_is_none(open_plain: Opener) -> None:
    page = open_plain("number")
    clear = page.get_by_test_id("stNumberInputClearButton")
    expect(clear).to_have_count(1)
    expect(clear).to_be_visible()


def test_streamlit_brings_value_back_where_a_person_empties_the_field(open_plain: Opener) -> None:
    """The reason for ``value=None``."""
    page = open_plain("number")
    number = page.get_by_role("spinbutton", name="From the value")
    number.fill("")
    number.press("Enter")
    expect(number).to_have_value("7")
