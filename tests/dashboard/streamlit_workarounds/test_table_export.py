"""Fails when Streamlit's export quotes formulas: `table_export` can go then."""

from __future__ import annotations

import pytest

from tests.dashboard.streamlit_workarounds.conftest import Opener

pytestmark = pytest.mark.browser


def test_streamlit_exports_a_formula_as_it_is(open_plain: Opener) -> None:
    page = open_plain("export")
    page.evaluate("delete window.showSaveFilePicker")  # a dialog that no test can answer
    page.get_by_test_id("stDataFrame").hover()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert text.splitlines() == ["name", "=1+1"]
