"""Fails when Streamlit refuses other hosts and missing origins by itself: see `server.gate`."""

from __future__ import annotations

import pytest

from tests.end_to_end.page_server import PageServer

pytestmark = pytest.mark.browser
OTHER = "elsewhere.example"


def test_streamlit_answers_under_any_name(plain_server: PageServer) -> None:
    status, _, _ = plain_server.request("GET", "/", {"Host": OTHER})
    assert status == 200
    assert plain_server.handshake([("Host", OTHER), ("Origin", f"http://{OTHER}")]) == 101


def test_streamlit_opens_a_session_without_an_origin(plain_server: PageServer) -> None:
    assert plain_server.handshake([("Host", plain_server.host)]) == 101
