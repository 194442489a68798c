"""The first visitor opens any page. Fails when `pages_folder` can go: ``pages`` means nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.streamlit_workarounds.conftest import streamlit_run
from tests.end_to_end.served_lab import served_lab
from tests.end_to_end.test_live_chart import free_port

pytestmark = pytest.mark.browser
APP = """
import streamlit as st

first = st.Page(lambda: st.title("first"), url_path="first", default=True)
second = st.Page(lambda: st.title("second"), url_path="second")
st.navigation([first, second]).run()
"""


def test_streamlit_does_not_find_a_page_when_there_is_such_a_folder(
    page: Page, tmp_path: Path
) -> None:
    (tmp_path / "pages").mkdir()
    script = tmp_path / "app.py"
    script.write_text(APP)
    with streamlit_run(script, port := free_port(), tmp_path):
        page.goto(f"http://127.0.0.1:{port}/second")
        expect(page.get_by_role("heading", name="second")).to_be_attached()
        expect(page.get_by_role("dialog")).to_contain_text("Page not found")


def test_the_first_visitor_of_a_server_opens_any_page(page: Page, tmp_path: Path) -> None:
    with served_lab(tmp_path) as lab:
        page.goto(f"{lab.url}/runs")
        expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
        expect(page.get_by_text("No runs yet")).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
