"""The best trial: its score, its model, and how its settings differ from the base."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.records.searches import Trial
from core.spec.search import apply_values
from dashboard import state
from dashboard.pages.search.snapshot import Snapshot, score_text
from dashboard.shared import config_diff, links, plain_table
from dashboard.shared.plain_table import Cell
from dashboard.shared.text import size

_FILES = {"best.keras": "Best model (Keras)", "experiment.toml": "Experiment (TOML)"}


def show(snapshot: Snapshot) -> None:
    """Show score, links and files, then the differences from the base."""
    best = snapshot.best
    if best is None:
        st.info(
            "No completed trial yet. The best one will be compared with the base experiment here."
        )
        return
    score = score_text(best.score, is_accuracy=snapshot.is_accuracy)
    st.markdown(f"**Trial {best.number}**: {snapshot.score_words.lower()} **{score}**")
    with st.container(horizontal=True, gap="small"):
        for run_id in best.run_ids[:1]:
            if run_id in snapshot.runs:
                links.run(snapshot.runs[run_id], "Open run")
                links.clone(run_id)
                links.predict(best.run_ids)
        _downloads(snapshot)
    _difference(snapshot, best)


def _difference(snapshot: Snapshot, best: Trial) -> None:
    mine = config_diff.flat(
        apply_values(snapshot.search, best.values, epochs=best.epochs).to_dict()
    )
    base = config_diff.flat(snapshot.search.base.to_dict())
    rows: list[list[str | Cell]] = [
        [
            config_diff.spoken(path),
            Cell(config_diff.shown(mine.get(path)), strong=True),
            config_diff.shown(base.get(path)),
        ]
        for path in config_diff.paths([mine, base], only_differing=True)
    ]
    if not rows:
        st.info("The best trial has the settings of the base experiment.")
        return
    plain_table.show(
        ["Setting", f"Trial {best.number}", "Base"],
        rows,
        label="Best trial compared with the base",
        caption="Only differences are shown.",
    )


def _downloads(snapshot: Snapshot) -> None:
    client = state.client()
    for name, label in _FILES.items():
        num_bytes = client.searches.kept_file_size(snapshot.id, name)
        if num_bytes is not None:
            st.download_button(
                f"{label} ({size(num_bytes)})",
                # Read at the click, not at every rerun.
                data=partial(client.searches.read_kept_file, snapshot.id, name),
                file_name=f"{snapshot.id[:8]}-{name}",
                mime="application/octet-stream",
                icon=":material/download:",
                key=f"search/files/{name}",
                on_click="ignore",
            )
