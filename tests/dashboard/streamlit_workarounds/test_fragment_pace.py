"""Fails when a fragment may change its own interval: `fragment_pace` can go then."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from tests.dashboard.streamlit_workarounds.conftest import Opener


@pytest.mark.browser
def test_streamlit_keeps_the_interval_of_a_fragment(open_plain: Opener) -> None:
    page = open_plain("pace")
    expect(page.get_by_text("ticks 4")).to_be_visible()


def _slower_after_the_first_repetition() -> None:
    import streamlit as st

    from dashboard.streamlit_workarounds import fragment_pace

    st.session_state.runs = st.session_state.get("runs", 0) + 1
    every = st.session_state.get("every", 1.0)

    def draw() -> None:
        st.button("Tick")
        st.session_state.every = 5.0

    fragment_pace.repeat(draw, every, lambda: st.session_state.every != every)


def test_another_interval_runs_the_whole_page() -> None:
    app = AppTest.from_function(_slower_after_the_first_repetition).run()
    assert app.session_state.runs == 1
    app.run()
    assert app.session_state.runs == 2
    assert not app.exception
