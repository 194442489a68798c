"""Promise: the address keeps a view, errors can be read, and a page's file is no app."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.client import Client
from core.records.runs import RunState
from dashboard.shared.failures import RecentErrors
from tests.core.store.lives import in_state
from tests.dashboard.conftest import APP

PAGES = APP.with_name("pages")


def test_what_a_press_could_not_do_stands_long_enough_to_be_read() -> None:
    recent = RecentErrors()
    assert recent.with_new(["It has ended."], now=100.0) == ["It has ended."]
    assert recent.with_new([], now=100.7) == ["It has ended."]
    assert recent.with_new(["Not found."], now=105.0) == ["It has ended.", "Not found."]
    assert recent.with_new(["It has ended."], now=106.0) == ["Not found.", "It has ended."]
    assert recent.with_new([], now=115.5) == ["It has ended."]
    assert recent.with_new([], now=116.0) == []


def _address() -> None:
    import streamlit as st

    from dashboard import state

    state.remember(view="log", runs=["a", "b"], gone=None)
    st.text(",".join(state.asked_runs()))
    st.text(state.asked("view", "linear", choices=["log", "linear"]))
    st.text(state.asked("other", "fallback"))


def test_the_address_keeps_and_gives_back_the_view() -> None:
    app = AppTest.from_function(_address)
    app.query_params["gone"] = "x"
    app.query_params["other"] = "seen"
    app.run()
    assert not app.exception
    assert [each.value for each in app.text] == ["a,b", "log", "seen"]
    assert "gone" not in app.query_params


def _unknown_choice() -> None:
    import streamlit as st

    from dashboard import state

    st.text(state.asked("view", "linear", choices=["log", "linear"]))
    st.text(",".join(state.asked_runs()))


def test_nonsense_in_the_address_falls_back() -> None:
    app = AppTest.from_function(_unknown_choice)
    app.query_params["view"] = "<script>"
    app.query_params["runs"] = " a,,b ,a"
    app.run()
    assert [each.value for each in app.text] == ["linear", "a,b"]


@pytest.mark.parametrize("page", sorted(each.parent.name for each in PAGES.glob("*/__init__.py")))
def test_a_page_by_itself_shows_nothing_of_the_lab(lab: Client, page: str) -> None:
    """Streamlit would serve its file without the gate."""
    in_state(lab.store, RunState.FINISHED)
    app = AppTest.from_file(str(PAGES / page / f"{page}.py"), default_timeout=60)
    app.query_params["runs"] = lab.runs.list()[0].id
    app.run()
    said = "\n".join(str(each.value) for each in [*app.markdown, *app.caption, *app.error])
    assert "small" not in said
    assert app.exception or "no app" in said
