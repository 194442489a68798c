"""Pictures in, and what every chosen network makes of them, side by side."""

import streamlit as st

from dashboard import state
from dashboard.pages.predict import cards, predictions, sources
from dashboard.shared import links, run_picker
from dashboard.shared.text import inert


def show_predictions(run_ids: list[str]) -> None:
    """Ways to bring pictures, and the answers; new ones when a run has a better network."""
    runs, why_not = predictions.able(state.client().runs.list(ids=run_ids))
    for sentence in why_not.values():
        st.info(inert(sentence), icon=":material/hourglass_empty:")
    sources.show(runs)
    tray = sources.tray()
    for sentence in tray.refusals:
        st.warning(inert(sentence), icon=":material/error:")
    if tray.pictures:
        cards.show(tray.pictures, runs, predictions.ask(runs, tray.pictures))
    if any(run.state.is_active for run in runs):
        st.caption("Still training: the answers are renewed with every better network.")
    st.caption(
        "A network must name one of its own classes, even for a picture of none of them: a high "
        "probability says which of its classes is the likeliest, not that one of them is there."
    )


st.title("Predict", anchor=False)
picked = run_picker.several(
    "predict/runs",
    title="Networks",
    offered=lambda run: run.best is not None,
    hint="Runs with at least one finished epoch. Each answers with its best network so far.",
)
if picked:
    ids = [run.id for run in picked]
    state.live("predict", lambda: show_predictions(ids))
elif state.client().runs.list():
    st.info("Choose one or more trained networks above, then drop pictures on the page.")
    able = [run.id for run in state.client().runs.list() if run.best is not None]
    if able:
        links.predict(able[-1:], "Take the newest")
else:
    st.info("No network has been trained yet. Launch a run: it can be asked after one epoch.")
    st.page_link(links.NEW_EXPERIMENT, label="New experiment", icon=":material/add_circle:")
