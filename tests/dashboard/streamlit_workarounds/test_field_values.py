"""Fails when Streamlit sends a value again after a run that was cut short: `field_values` can go."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def _cut_short() -> None:
    import streamlit as st

    if "number" not in st.session_state:
        st.session_state.number = 5
    st.number_input("Number", value=None, key="number")
    if not st.session_state.get("second run"):
        st.session_state["second run"] = True
        st.rerun()


def test_streamlit_sends_a_value_in_one_run_only() -> None:
    app = AppTest.from_function(_cut_short).run()
    [number] = app.number_input
    assert app.session_state["second run"]
    assert number.value == 5
    assert not number.proto.set_value, "the browser of a run that was cut short has no number"


def _with_the_workaround() -> None:
    import streamlit as st

    from dashboard.streamlit_workarounds import field_values

    with field_values.sending("here") as values:
        values.send("number", 5)
        st.number_input("Number", value=None, key="number")
        if not st.session_state.get("second run"):
            st.session_state["second run"] = True
            st.rerun()


def test_a_value_is_sent_again_after_a_run_that_was_cut_short() -> None:
    app = AppTest.from_function(_with_the_workaround).run()
    [number] = app.number_input
    assert app.session_state["second run"]
    assert number.proto.set_value
