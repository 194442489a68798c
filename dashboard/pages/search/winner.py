"""The best trial: what makes it differ from the base, and its network to take along."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.records.searches import Trial
from core.spec.search import apply_values
from dashboard import state
from dashboard.pages.search import trial_state
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared import config_diff, links, plain_table
from dashboard.shared.plain_table import Cell
from dashboard.shared.text import size

_FILES = {"best.keras": "The best network (Keras)", "experiment.toml": "Its experiment (TOML)"}


def show(seen: Snapshot) -> None:
    """Score and links, then the difference, then the files."""
    best = seen.best
    if best is None:
        st.info("No trial is completed yet. The best one stands here, beside the base.")
        return
    score = trial_state.score(best.score, is_accuracy=seen.is_accuracy)
    st.markdown(f"**Trial {best.number}**: {seen.score_words.lower()} **{score}**")
    with st.container(horizontal=True, gap="small"):
        for run_id in best.run_ids[:1]:
            if run_id in seen.runs:
                links.run(seen.runs[run_id], "Open its run")
                links.clone(run_id, "Copy into the form")
                links.predict(best.run_ids, "Predict with it")
        _downloads(seen)
    _difference(seen, best)


def _difference(seen: Snapshot, best: Trial) -> None:
    mine = config_diff.flat(apply_values(seen.search, best.values, epochs=best.epochs).to_dict())
    base = config_diff.flat(seen.search.base.to_dict())
    rows: list[list[str | Cell]] = [
        [
            config_diff.spoken(path),
            Cell(config_diff.shown(mine.get(path)), strong=True),
            config_diff.shown(base.get(path)),
        ]
        for path in config_diff.paths([mine, base], only_differing=True)
    ]
    if not rows:
        st.info("The best trial is the base itself.")
        return
    plain_table.show(
        ["Setting", f"Trial {best.number}", "The base"],
        rows,
        label="The best trial against the base",
        caption="Only what differs.",
    )


def _downloads(seen: Snapshot) -> None:
    lab = state.client()
    for name, label in _FILES.items():
        num_bytes = lab.searches.kept_file_size(seen.id, name)
        if num_bytes is not None:
            st.download_button(
                f"{label} ({size(num_bytes)})",
                # Read when somebody presses the button, not at every look.
                data=partial(lab.searches.read_kept_file, seen.id, name),
                file_name=f"{seen.id[:8]}-{name}",
                mime="application/octet-stream",
                icon=":material/download:",
                key=f"search/files/{name}",
                on_click="ignore",
            )
