"""The compared runs with their states, and what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.records.runs import Run
from dashboard import state
from dashboard.pages.compare import tables
from dashboard.shared import links, run_state


def show(runs: Sequence[Run]) -> None:
    """Show the number of runs, links to their pages, and actions."""
    run_ids = [run.id for run in runs]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.popover(tables.title(runs), icon=":material/monitoring:", type="tertiary"):
            for run in runs:
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    links.run(run)
                    run_state.badge(run)
        links.predict(run_ids, "Predict an image")
        st.download_button(
            "Metrics as CSV",
            data=lambda: tables.csv_of(state.client().metrics.frame(run_ids)),
            file_name="convscope-metrics.csv",
            mime="text/csv",
            icon=":material/download:",
            type="tertiary",
            key="compare/csv",
            on_click="ignore",
        )
