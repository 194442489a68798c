"""Which runs are compared: their colours, links, states, and what leads on from here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.store.records import Run
from dashboard.components import links, run_state
from dashboard.components.comparison import tables
from dashboard.components.comparison.curves import styles

_MOST_SHOWN = 10


def show(runs: Sequence[Run]) -> None:
    """A line of coloured links, then what can be done with these runs."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for run, (_, _, colour) in list(zip(runs, styles(runs), strict=True))[:_MOST_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center", gap=None):
                st.html(_dot(colour), width="content")
                links.run(run)
                if run.state.is_active:
                    run_state.badge(run)
    run_ids = [run.id for run in runs]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(tables.title(runs), width="content")
        links.predict(run_ids, "Let them look at a picture")
        st.download_button(
            "Metrics as CSV",
            data=lambda: tables.csv(run_ids),
            file_name="convscope-metrics.csv",
            mime="text/csv",
            icon=":material/download:",
            type="tertiary",
            key="compare/csv",
            on_click="ignore",
        )


def _dot(colour: str) -> str:
    return (
        f'<span aria-hidden="true" style="display:inline-block;width:0.8rem;height:0.8rem;'
        f'border-radius:50%;background:{escape(colour)}"></span>'
    )
