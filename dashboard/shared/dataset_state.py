"""The state of a data set, and the button that downloads or prepares it."""

from __future__ import annotations

import streamlit as st

from core.datasets.status import DatasetState, DatasetStatus
from dashboard import state
from dashboard.shared import failures
from dashboard.shared.text import inert

ICONS = {
    DatasetState.READY: ":material/check_circle:",
    DatasetState.LOCAL: ":material/inventory_2:",
    DatasetState.DOWNLOADABLE: ":material/cloud_download:",
    DatasetState.PREPARING: ":material/hourglass_top:",
    DatasetState.MISSING: ":material/block:",
}
_VERBS = {DatasetState.LOCAL: "Prepare", DatasetState.DOWNLOADABLE: "Download"}


def show(name: str, *, key: str) -> None:
    """Show a data set's state, its button, and the progress while it is prepared.

    ``key`` distinguishes buttons for the same data set on one page.
    """
    status = state.client().datasets.get(name)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        with st.container(width="stretch"):
            st.markdown(f"{ICONS[status.state]} {inert(status.sentence)}")
        if status.state in _VERBS:
            st.button(
                _VERBS[status.state],
                key=f"{key}/prepare/{name}",
                help="A launch does this automatically. Doing it now saves waiting later.",
                on_click=failures.attempt,
                args=(state.client().datasets.prepare, name),
            )
    if status.state is DatasetState.PREPARING:
        _progress(status)


def any_preparing() -> bool:
    """Whether a data set is being prepared, so that the page must keep rerunning."""
    statuses = state.client().datasets.list()
    return any(status.state is DatasetState.PREPARING for status in statuses)


def _progress(status: DatasetStatus) -> None:
    progress = status.progress
    if progress is not None and progress.total:
        st.progress(progress.fraction)
