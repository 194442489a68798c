"""Links from page to page that carry what the next page needs in its address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

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


def run_label(run: Run) -> str:
    """What a run is called wherever it appears: its name and its seed, as written."""
    return f"{run.name or run.preset or run.id[:8]} (seed {run.seed})"


def distinct_labels(runs: Sequence[Run]) -> dict[str, str]:
    """Labels of runs shown together, by id: those of one label are told apart by their ids."""
    labels = {run.id: run_label(run) for run in runs}
    count = Counter(labels.values())
    return {
        run_id: f"{label} · {run_id[:6]}" if count[label] > 1 else label
        for run_id, label in labels.items()
    }


def run(run: Run, label: str | None = None) -> None:
    """To the run's own page. ``label`` is Markdown; without it the run's name as written."""
    run_by_id(run.id, inert(run_label(run)) if label is None else label)


def run_by_id(run_id: str, label: str) -> None:
    """The same; greyed out where the id is empty, as the links to other pages are."""
    _link(RUN, label, ":material/monitoring:", run=run_id)


def compare(run_ids: Iterable[str], label: str = "Compare") -> None:
    """To the comparison of some runs."""
    _link(COMPARE, label, ":material/compare_arrows:", runs=joined(run_ids))


def predict(run_ids: Iterable[str], label: str = "Predict with them") -> None:
    """To the page that lets some runs look at a picture."""
    _link(PREDICT, label, ":material/image_search:", runs=joined(run_ids))


def clone(run_id: str, label: str = "Clone") -> None:
    """To the form, filled in as this run was."""
    _link(NEW_EXPERIMENT, label, ":material/content_copy:", clone=run_id)


def preset(name: str, label: str) -> None:
    """To a preset's card, opened. ``label`` is as written."""
    _link(PRESETS, inert(label), ":material/school:", preset=name)


def open_in_form(name: str, label: str) -> None:
    """To the form, filled in with a preset."""
    _link(NEW_EXPERIMENT, label, ":material/edit_note:", preset=name)


def search(search_id: str, label: str) -> None:
    """To a search's own page. ``label`` is Markdown."""
    _link(SEARCH, label, ":material/travel_explore:", search=search_id)


def search_form(start: str, label: str = "Search around this run") -> None:
    """To the form of a new search: ``run:ID``, ``preset:NAME``, ``copy:SEARCH`` or ``form``."""
    _link(SEARCH, label, ":material/travel_explore:", new=start)


def joined(run_ids: Iterable[str]) -> str:
    """Run ids as one part of an address."""
    return ",".join(run_ids)


def _link(page: str, label: str, icon: str, **address: str) -> None:
    # Greyed out where there is nothing to lead to: a bar of links stays as it is then.
    st.page_link(
        page, label=label, icon=icon, query_params=address, disabled=not all(address.values())
    )
