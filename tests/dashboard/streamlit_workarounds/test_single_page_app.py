"""Fails when Streamlit no longer starts any script as an app: `single_page_app` can go then."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

SCRIPT = """
from pathlib import Path

import streamlit as st

from core.errors import AddressRefused
from dashboard.streamlit_workarounds import single_page_app

try:
    single_page_app.refuse(Path(__file__).resolve().parents[1])
except AddressRefused as error:
    st.text(f"refused: {error}")
else:
    st.text("served")
"""


def test_streamlit_serves_the_file_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "pages" / "runs" / "runs.py"
    page.parent.mkdir(parents=True)
    page.write_text("import streamlit as st\nst.text('served')\n")
    app = AppTest.from_file(str(page)).run()
    assert [each.value for each in app.text] == ["served"]


def test_such_an_app_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "pages" / "runs" / "runs.py"
    page.parent.mkdir(parents=True)
    page.write_text(SCRIPT)
    app = AppTest.from_file(str(page)).run()
    [text] = app.text
    assert text.value.startswith("refused: runs.py is one page")
