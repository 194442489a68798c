"""The page Compare: curves, overfit gap, scores and settings of several runs.

The address holds the runs and the view, so that a link restores them.
"""

import streamlit as st

from dashboard import state
from dashboard.pages.compare import curves, groups, legend, tables, view
from dashboard.shared import links, run_picker


def show_comparison(run_ids: list[str]) -> None:
    """Show everything that changes while runs train."""
    client = state.client()
    runs, metrics = client.runs.list(ids=run_ids), client.metrics.frame(run_ids)
    legend.show(runs)
    chosen = view.show(groups.groupings(runs))
    contents = {
        "Curves": lambda: curves.show(runs, metrics, chosen),
        "Overfit gap": lambda: curves.gap(runs, metrics, chosen),
        "Scores": lambda: tables.reached(runs, metrics, chosen.group),
        "Settings": lambda: tables.settings(runs),
    }
    tabs = st.tabs(list(contents), key="tab", bind="query-params")
    for tab, show in zip(tabs, contents.values(), strict=True):
        if tab.open:
            with tab:
                show()


def offer_newest() -> None:
    """Offer the two newest runs while none is chosen."""
    newest = state.client().runs.list()[-2:]
    if len(newest) == 2:
        st.info("Choose two or more runs above to see their curves in one chart.")
        links.compare([run.id for run in newest], "Compare the two newest runs")
    else:
        st.info("There are fewer than two runs. Launch two to compare them here.")
        st.page_link(links.NEW_EXPERIMENT, label="New experiment", icon=":material/add_circle:")


st.title("Compare", anchor=False)
picked = run_picker.several("compare/runs", title="Runs")
if len(picked) == 1:
    st.info("Choose a second run above to compare it with this one.")
if picked:
    ids = [run.id for run in picked]
    state.live("compare", lambda: show_comparison(ids))
else:
    offer_newest()
