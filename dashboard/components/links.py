"""Links from page to page that carry what the next page needs in its address."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.store.records import Run
from dashboard.components.text import inert

OVERVIEW = "app_pages/overview.py"
NEW_EXPERIMENT = "app_pages/new_experiment.py"
RUNS = "app_pages/runs.py"
RUN = "app_pages/run.py"
COMPARE = "app_pages/compare.py"
PREDICT = "app_pages/predict.py"


def run_label(run: Run) -> str:
    """What a run is called wherever it appears: its name and its seed, as written."""
    return f"{run.name or run.preset or run.id[:8]} (seed {run.seed})"


def run(run: Run, label: str | None = None) -> None:
    """To the run's own page."""
    st.page_link(
        RUN,
        label=inert(run_label(run)) if label is None else label,
        icon=":material/monitoring:",
        query_params={"run": run.id},
    )


def compare(run_ids: Iterable[str], label: str = "Compare") -> None:
    """To the comparison of some runs."""
    st.page_link(
        COMPARE,
        label=label,
        icon=":material/compare_arrows:",
        query_params={"runs": joined(run_ids)},
    )


def predict(run_ids: Iterable[str], label: str = "Predict with them") -> None:
    """To the page that lets some runs look at a picture."""
    st.page_link(
        PREDICT, label=label, icon=":material/image_search:", query_params={"runs": joined(run_ids)}
    )


def clone(run_id: str, label: str = "Clone") -> None:
    """To the form, filled in as this run was."""
    st.page_link(
        NEW_EXPERIMENT,
        label=label,
        icon=":material/content_copy:",
        query_params={"clone": run_id},
    )


def joined(run_ids: Iterable[str]) -> str:
    """Run ids as one part of an address."""
    return ",".join(run_ids)
