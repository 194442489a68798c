"""Small pages that show what Streamlit does by itself, one per workaround. Nothing of ours."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st


def other() -> None:
    """A page to go to."""
    st.title("other")


def popover() -> None:
    """A popover that reports when it is opened and closed."""
    st.title("popover")
    box = st.popover("Box", key="box", on_change="rerun")
    if box.open:
        box.text("inside")


def popover_form() -> None:
    """A popover with a form."""
    st.title("popover_form")

    def save() -> None:
        st.session_state.saved = True

    with st.popover("Box"), st.form("form"):
        st.text_input("Name")
        st.form_submit_button("Save", on_click=save)
    if st.session_state.get("saved"):
        st.text("saved")


def long_message() -> None:
    """A text that is long enough for the message cache, and a button that changes nothing."""
    st.title("long_message")
    if st.checkbox("Long", value=True):
        st.text("long " * 5_000)
    st.button("Other")


def same_page_link() -> None:
    """A link to this page, with a query parameter."""
    st.title("same_page_link")
    st.page_link(PAGES["same_page_link"], label="To itself", query_params={"item": "a"})
    st.text(f"item {st.query_params.get('item')}")
    st.button("Again")


def number() -> None:
    """A number that comes from the session, and one that comes from ``value``."""
    st.title("number")
    st.session_state.setdefault("empty", 5)
    st.number_input("From the session", value=None, key="empty")
    st.number_input("From the value", value=7)


def number_later() -> None:
    """A number that comes with a click, its value from the session."""
    st.title("number_later")

    def add() -> None:
        st.session_state.added = True

    st.button("Add", on_click=add)
    st.button("Other")
    if st.session_state.get("added"):
        st.session_state.setdefault("later", 5)
        st.number_input("Number", value=None, key="later")
        st.text(f"on the server {st.session_state.later}")


def table() -> None:
    """A table that gets another first row."""
    st.title("table")
    rows = ["a", "b", "c"]
    if st.toggle("Another row"):
        rows.insert(0, "new")
    event = st.dataframe(
        pd.DataFrame({"name": rows}),
        key="table",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
    )
    st.text("selected " + ",".join(rows[row] for row in event["selection"]["rows"]))


def export() -> None:
    """A table with a formula."""
    st.title("export")
    st.dataframe(pd.DataFrame({"name": ["=1+1"]}), hide_index=True)


def chart() -> None:
    """A Plotly chart that gets one more point."""
    st.title("chart")
    points = 4 if st.toggle("Another point") else 3
    figure = go.Figure(go.Scatter(x=list(range(points)), y=list(range(points))))
    figure.update_layout(uirevision="the same")
    st.plotly_chart(figure, key="chart")
    st.text(f"points {points}")


def pace() -> None:
    """A fragment whose interval becomes a thousand seconds after its first repetition."""
    st.title("pace")
    every = st.session_state.setdefault("every", 0.3)

    def tick() -> None:
        st.session_state.ticks = st.session_state.get("ticks", 0) + 1
        st.session_state.every = 1000.0
        st.text(f"ticks {st.session_state.ticks}")

    st.fragment(tick, run_every=every)()


_SHOWN = (
    other,
    popover,
    popover_form,
    long_message,
    same_page_link,
    number,
    number_later,
    table,
    export,
    chart,
    pace,
)
PAGES = {
    each.__name__: st.Page(each, url_path=each.__name__, default=each is other) for each in _SHOWN
}
st.navigation(list(PAGES.values())).run()
