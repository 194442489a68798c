"""Links from page to page: the address carries what the next page needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NoReturn

import streamlit as st

from core.records.runs import Run
from dashboard.shared.text import inert

OVERVIEW = "pages/overview/overview.py"
NEW_EXPERIMENT = "pages/new_experiment/new_experiment.py"
PRESETS = "pages/presets/presets.py"
RUNS = "pages/runs/runs.py"
RUN = "pages/run/run.py"
COMPARE = "pages/compare/compare.py"
PREDICT = "pages/predict/predict.py"
SEARCH = "pages/search/search.py"

MOST_COMPARED = 50
"""Runs that one link opens on Compare or Predict."""

SEEDS_TOGETHER = "Seeds together"
"""Value of the address parameter ``group`` on Compare: runs that differ only in their seed."""


def run_label(run: Run) -> str:
    """A run's label on every page: its name and its seed, not escaped."""
    return f"{run.name or run.preset or run.id[:8]} (seed {run.seed})"


def distinct_labels(runs: Sequence[Run]) -> dict[str, str]:
    """Labels of runs by id; runs with the same label get the start of their id appended."""
    labels = {run.id: run_label(run) for run in runs}
    count = Counter(labels.values())
    return {
        run_id: f"{label} · {run_id[:6]}" if count[label] > 1 else label
        for run_id, label in labels.items()
    }


def run(run: Run, label: str | None = None) -> None:
    """Link to the run's page. ``label`` is Markdown; by default the run's label."""
    run_by_id(run.id, inert(run_label(run)) if label is None else label)


def run_by_id(run_id: str, label: str) -> None:
    """Link to the page of the run with this id; disabled for an empty id."""
    _link(RUN, label, ":material/monitoring:", run=run_id)


def compare(run_ids: Iterable[str], label: str = "Compare") -> None:
    """Link to the comparison of these runs."""
    _link(COMPARE, label, ":material/compare_arrows:", runs=joined(run_ids))


def predict(run_ids: Iterable[str], label: str = "Predict an image") -> None:
    """Link to Predict, with these runs chosen."""
    _link(PREDICT, label, ":material/image_search:", runs=joined(run_ids))


def clone(run_id: str, label: str = "Duplicate") -> None:
    """Link to New experiment, filled in with this run's settings."""
    _link(NEW_EXPERIMENT, label, ":material/content_copy:", clone=run_id)


def preset(name: str, label: str) -> None:
    """Link to a preset's card, expanded. ``label`` is plain text."""
    _link(PRESETS, inert(label), ":material/school:", preset=name)


def open_in_form(name: str, label: str) -> None:
    """Link to New experiment, filled in with a preset."""
    _link(NEW_EXPERIMENT, label, ":material/edit_note:", preset=name)


def search(search_id: str, label: str) -> None:
    """Link to a search's page. ``label`` is Markdown."""
    _link(SEARCH, label, ":material/travel_explore:", search=search_id)


def search_form(start: str, label: str = "Search around this run") -> None:
    """Link to the form of a new search. ``start``: see ``form.start.start_from``."""
    _link(SEARCH, label, ":material/travel_explore:", new=start)


def joined(run_ids: Iterable[str]) -> str:
    """Run ids as one value in an address."""
    return ",".join(run_ids)


def _link(page: str, label: str, icon: str, **address: str) -> None:
    # Disabled links keep their place, so that a bar of links does not move.
    st.page_link(
        page, label=label, icon=icon, query_params=address, disabled=not all(address.values())
    )


def switch_to_comparison(runs: Sequence[Run]) -> NoReturn:
    """Leave this page for the comparison of ``runs``; several seeds are shown as one group."""
    address = {"runs": joined(run.id for run in runs)}
    if len({run.seed for run in runs}) > 1:
        address["group"] = SEEDS_TOGETHER
    st.switch_page(COMPARE, query_params=address)
