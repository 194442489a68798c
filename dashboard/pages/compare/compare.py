"""Runs side by side: curves, overfit gap, scores and settings. The address is the view."""

import streamlit as st

from dashboard import state
from dashboard.pages.compare import curves, groups, legend, tables, view
from dashboard.shared import links, run_picker


def show_comparison(run_ids: list[str]) -> None:
    """Everything that changes while runs go on."""
    lab = state.client()
    runs, metrics = lab.runs.list(ids=run_ids), lab.metrics.frame(run_ids)
    legend.show(runs)
    chosen = view.show(groups.groupings(runs))
    drawn = {
        "Curves": lambda: curves.show(runs, metrics, chosen),
        "Overfit gap": lambda: curves.gap(runs, metrics, chosen),
        "Scores": lambda: tables.reached(runs, metrics, chosen.group),
        "Settings": lambda: tables.settings(runs),
    }
    tabs = st.tabs(list(drawn), key="tab", bind="query-params")
    for tab, draw in zip(tabs, drawn.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def offer_newest() -> None:
    """Nothing chosen: the newest runs are what people mostly want."""
    newest = state.client().runs.list()[-2:]
    if len(newest) == 2:
        st.info("Choose two or more runs above: their curves come in one chart each.")
        links.compare([run.id for run in newest], "Compare the two newest")
    else:
        st.info("There are fewer than two runs yet. Launch two, and lay them side by side here.")
        st.page_link(links.NEW_EXPERIMENT, label="New experiment", icon=":material/add_circle:")


st.title("Compare", anchor=False)
picked = run_picker.several("compare/runs", title="Runs")
if len(picked) == 1:
    st.info("Choose a second run above to compare this one with.")
if picked:
    ids = [run.id for run in picked]
    state.live("compare", lambda: show_comparison(ids))
else:
    offer_newest()
