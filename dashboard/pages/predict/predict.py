"""Images added to the page, and the predictions of the chosen runs side by side."""

import streamlit as st

from dashboard import state
from dashboard.pages.predict import cards, predictions, sources
from dashboard.shared import links, run_picker
from dashboard.shared.text import inert


def show_predictions(run_ids: list[str]) -> None:
    """Inputs for images, and one card of predictions per image."""
    runs, reasons = predictions.able_runs(state.client().runs.list(ids=run_ids))
    for reason in reasons.values():
        st.info(inert(reason), icon=":material/hourglass_empty:")
    sources.show(runs)
    added = sources.input_images()
    for message in added.messages:
        st.warning(inert(message), icon=":material/error:")
    if added.images:
        cards.show(added.images, runs, predictions.predict(runs, added.images))
    if any(run.state.is_active for run in runs):
        st.caption("Still training: predictions are updated whenever a run has a better model.")
    st.caption(
        "A model can only choose among its own classes. A high probability does not mean that the "
        "image shows that class."
    )


st.title("Predict", anchor=False)
picked = run_picker.several(
    "predict/runs",
    title="Runs",
    offered=lambda run: run.best is not None,
    hint="Runs with at least one finished epoch. Each predicts with its best model so far.",
)
if picked:
    ids = [run.id for run in picked]
    state.live("predict", lambda: show_predictions(ids))
elif state.client().runs.list():
    st.info("Choose one or more runs above, then drop images on the page.")
    able = [run.id for run in state.client().runs.list() if run.best is not None]
    if able:
        links.predict(able[-1:], "Use the newest run")
else:
    st.info("No trained model yet. Launch a run: it can predict after its first epoch.")
    st.page_link(links.NEW_EXPERIMENT, label="New experiment", icon=":material/add_circle:")
