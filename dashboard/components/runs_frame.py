"""Runs as rows of a table: every score says its split, its epoch, and whether best or last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.store.records import Run
from dashboard import state
from dashboard.components.links import run_label
from dashboard.components.run_state import SIGNS, took_s

Last = Mapping[str, float]
"""Metrics of a run's last finished epoch by ``split name``: ``validation accuracy``."""


def frame(runs: Sequence[Run], last: Mapping[str, Last]) -> pd.DataFrame:
    """One row a run, in their order, ready for ``columns()``."""
    return pd.DataFrame(
        {
            "name": [run_label(run) for run in runs],
            "state": [SIGNS[run.state] for run in runs],
            "epochs": [f"{run.epochs_done} / {run.epochs}" for run in runs],
            "best": [run.best.val_accuracy if run.best else None for run in runs],
            "best_epoch": [run.best.epoch if run.best else None for run in runs],
            "last_validation": [last.get(run.id, {}).get("validation accuracy") for run in runs],
            "last_training": [last.get(run.id, {}).get("train accuracy") for run in runs],
            "dataset": [run.dataset for run in runs],
            "preset": [run.preset or "" for run in runs],
            "tags": [list(run.tags) for run in runs],
            "took": [took_s(run) for run in runs],
            "created": [run.created_at for run in runs],
            "notes": [run.notes for run in runs],
            "id": [run.id for run in runs],
        }
    ).astype({"best": float, "best_epoch": "Int64", "last_validation": float, "took": float})


def columns() -> dict[str, object]:
    """What the columns are called and how they are written."""
    config = st.column_config
    score = {"format": "percent", "width": "small"}
    return {
        "name": config.TextColumn("Run", width="medium", pinned=True),
        "state": config.TextColumn("State", width="small"),
        "epochs": config.TextColumn("Epochs", width="small", help="Done / asked for"),
        "best": config.NumberColumn(
            "Best val. accuracy", help="Highest accuracy on the validation split", **score
        ),
        "best_epoch": config.NumberColumn("in epoch", width="small", help="Epoch of the best"),
        "last_validation": config.NumberColumn(
            "Last val. accuracy", help="Validation split, last finished epoch", **score
        ),
        "last_training": config.NumberColumn(
            "Last train accuracy", help="Training split, last finished epoch", **score
        ),
        "dataset": config.TextColumn("Data set", width="small"),
        "preset": config.TextColumn("Preset", width="small"),
        "tags": config.ListColumn("Tags", width="small"),
        "took": config.NumberColumn(
            "Seconds", format="%.0f", help="The last attempt", width="small"
        ),
        "created": config.DatetimeColumn("Launched", format="distance", width="small"),
        "notes": config.TextColumn("Notes", width="medium"),
        "id": config.TextColumn("Id", width="small"),
    }


def last_values(runs: Sequence[Run]) -> dict[str, Last]:
    """Metrics of each run's last finished epoch. Only runs that went on are asked for again."""
    known = _known()
    behind = [
        run.id
        for run in runs
        if run.epochs_done and known.get(run.id, (None,))[0] != (run.attempt, run.epochs_done)
    ]
    found = _read(behind) if behind else {}
    for run in runs:
        if run.id in found:
            known[run.id] = ((run.attempt, run.epochs_done), found[run.id])
    return {run.id: known[run.id][1] for run in runs if run.id in known}


@st.cache_resource(show_spinner=False)
def _known() -> dict[str, tuple[tuple[int, int], Last]]:
    """What was read before, by run: which epoch it was, and its values."""
    return {}


def _read(run_ids: list[str]) -> dict[str, Last]:
    metrics = state.client().metrics(run_ids)
    curves = metrics[metrics["split"] != "test"]
    newest = curves[curves["epoch"] == curves.groupby("run_id")["epoch"].transform("max")]
    found: dict[str, dict[str, float]] = {}
    for row in newest.itertuples(index=False):
        found.setdefault(row.run_id, {})[f"{row.split} {row.name}"] = row.value
    return found
