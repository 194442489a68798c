"""The files of a run: downloads, and a table with sizes and checksums."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.records.runs import Artifact, Run
from core.spec.files import experiment_to_toml
from dashboard import state
from dashboard.shared import plain_table
from dashboard.shared.plain_table import Cell
from dashboard.shared.text import ago, size

_NAMES = {
    "best_model": "Best model (Keras)",
    "litert": "Best model (LiteRT)",
    "checkpoint": "Checkpoint to resume from",
    "test_scores": "Test scores",
}
_DOWNLOADS = {
    "best_model": ("Keras model", "best.keras"),
    "litert": ("LiteRT model", "best.tflite"),
}


def show(run: Run) -> None:
    """Show the downloads, then every file."""
    found = state.client().artifacts.list(run.id)
    with st.container(horizontal=True, gap="small"):
        for artifact in found:
            if artifact.kind in _DOWNLOADS:
                _download(run, artifact)
        st.download_button(
            "Experiment (TOML)",
            data=lambda: experiment_to_toml(state.client().runs.clone(run.id)),
            file_name=f"{run.id[:8]}.toml",
            mime="application/toml",
            icon=":material/download:",
            key="run/files/toml",
            on_click="ignore",
        )
    if not found:
        st.info("No files yet. The first checkpoint is saved at the end of the first epoch.")
        return
    rows = [_row(artifact) for artifact in found]
    heads = ["File", "Epoch", "Size", "Saved", "sha256"]
    plain_table.show(heads, rows, label="Files of the run")


def _row(artifact: Artifact) -> list[str | Cell]:
    return [
        Cell(_NAMES.get(artifact.kind, artifact.kind), small=artifact.path),
        str(artifact.epoch),
        Cell(size(artifact.num_bytes), number=True),
        ago(artifact.created_at),
        artifact.sha256[:12],
    ]


def _download(run: Run, artifact: Artifact) -> None:
    label, name = _DOWNLOADS[artifact.kind]
    if not state.client().artifacts.exists(artifact):
        return
    st.download_button(
        f"{label}, epoch {artifact.epoch} ({size(artifact.num_bytes)})",
        data=_reader(artifact),
        file_name=f"{run.id[:8]}-{name}",
        mime="application/octet-stream",
        icon=":material/download:",
        key=f"run/files/{artifact.kind}",
        on_click="ignore",
    )


def _reader(artifact: Artifact) -> Callable[[], bytes]:
    # Read at the click: the page reruns twice a second and must not read the file each time.
    return lambda: state.client().artifacts.read(artifact)
