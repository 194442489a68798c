"""Runs as rows of a table: every score says its split, its epoch, and whether best or last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.records.runs import Run
from dashboard.shared import percentages
from dashboard.shared.links import run_label
from dashboard.shared.run_state import SIGNS, took_s

Last = Mapping[str, float]
"""Metrics of a run's last finished epoch by ``split name``: ``validation accuracy``."""


def frame(runs: Sequence[Run], last: Mapping[str, Last]) -> pd.DataFrame:
    """One row a run, in their order, ready for ``columns()``."""
    best = [run.best.val_accuracy if run.best else None for run in runs]
    validation, train = (
        [last.get(run.id, {}).get(f"{split} accuracy") for run in runs]
        for split in ("validation", "train")
    )
    return pd.DataFrame(
        {
            "name": [run_label(run) for run in runs],
            "state": [SIGNS[run.state] for run in runs],
            "epochs": [f"{run.epochs_done} / {run.epochs}" for run in runs],
            "best": percentages.of_shares(best),
            "best_epoch": [run.best.epoch if run.best else None for run in runs],
            "last_validation": percentages.of_shares(validation),
            "last_training": percentages.of_shares(train),
            "dataset": [run.dataset for run in runs],
            "preset": [run.preset or "" for run in runs],
            "tags": [list(run.tags) for run in runs],
            "took": [took_s(run) for run in runs],
            "created": [run.created_at for run in runs],
            "notes": [run.notes for run in runs],
            "id": [run.id for run in runs],
        }
    ).astype({"best": float, "best_epoch": "Int64", "last_validation": float, "took": float})


def columns() -> dict[str, ColumnConfig]:
    """What the columns are called and how they are written."""
    config = st.column_config
    return {
        "name": config.TextColumn("Run", width=230),
        "state": config.TextColumn("State", width=100),
        "epochs": config.TextColumn("Epochs", width=70, help="Done / asked for"),
        "best": config.NumberColumn(
            "Best val. acc.",
            help="Highest accuracy on the validation split",
            format=percentages.FORMAT,
            width=105,
        ),
        "best_epoch": config.NumberColumn("in epoch", width=70, help="Epoch of the best"),
        "last_validation": config.NumberColumn(
            "Last val. acc.",
            help="Validation split, last finished epoch",
            format=percentages.FORMAT,
            width=105,
        ),
        "last_training": config.NumberColumn(
            "Last train acc.",
            help="Training split, last finished epoch",
            format=percentages.FORMAT,
            width=105,
        ),
        "dataset": config.TextColumn("Data set", width="small"),
        "preset": config.TextColumn("Preset", width=150),
        "tags": config.ListColumn("Tags", width="small"),
        "took": config.NumberColumn("Seconds", format="%,.0f", help="The last attempt", width=75),
        "created": config.DatetimeColumn("Launched", format="distance", width=110),
        "notes": config.TextColumn("Notes", width="medium"),
        "id": config.TextColumn("Id", width="small"),
    }
