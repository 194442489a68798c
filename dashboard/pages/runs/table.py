"""The table of runs. Each score names its split, its epoch, and whether it is best or last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.records.runs import Run
from dashboard import state
from dashboard.shared import selectable_table
from dashboard.shared.links import run_label
from dashboard.shared.run_state import SIGNS, took_s

_KEY = "runs/table"


def show(runs: Sequence[Run]) -> list[Run]:
    """Show the table and return the selected runs."""
    by_id = {run.id: run for run in runs}
    selected = selectable_table.show(
        _KEY,
        list(by_id),
        _frame(runs, state.last_metrics()),
        columns=_columns(),
        height=640,
        alt=f"Table of {len(runs)} runs with state, epochs and accuracies",
    )
    return [by_id[run_id] for run_id in selected]


def clear_selection() -> None:
    """Select nothing."""
    selectable_table.clear(_KEY)


Last = Mapping[str, float]
"""Metrics of a run's last finished epoch by ``split name``: ``validation accuracy``."""


def _frame(runs: Sequence[Run], last: Mapping[str, Last]) -> pd.DataFrame:
    """One row per run, in the order of ``runs``."""
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
            "best": selectable_table.percentages(best),
            "best_epoch": [run.best.epoch if run.best else None for run in runs],
            "last_validation": selectable_table.percentages(validation),
            "last_training": selectable_table.percentages(train),
            "dataset": [run.dataset for run in runs],
            "preset": [run.preset or "" for run in runs],
            "tags": [list(run.tags) for run in runs],
            "took": [took_s(run) for run in runs],
            "created": [run.created_at for run in runs],
            "notes": [run.notes for run in runs],
            "id": [run.id for run in runs],
        }
    ).astype({"best": float, "best_epoch": "Int64", "last_validation": float, "took": float})


def _columns() -> dict[str, ColumnConfig]:
    """The titles and formats of the columns."""
    config = st.column_config
    return {
        "name": config.TextColumn("Run", width=230),
        "state": config.TextColumn("State", width=100),
        "epochs": config.TextColumn("Epochs", width=70, help="Finished / planned"),
        "best": config.NumberColumn(
            "Best val. acc.",
            help="Highest accuracy on the validation split",
            format=selectable_table.PERCENT_FORMAT,
            width=105,
        ),
        "best_epoch": config.NumberColumn(
            "Best epoch", width=85, help="Epoch with the highest validation accuracy"
        ),
        "last_validation": config.NumberColumn(
            "Last val. acc.",
            help="Validation split, last finished epoch",
            format=selectable_table.PERCENT_FORMAT,
            width=105,
        ),
        "last_training": config.NumberColumn(
            "Last train acc.",
            help="Training split, last finished epoch",
            format=selectable_table.PERCENT_FORMAT,
            width=105,
        ),
        "dataset": config.TextColumn("Data set", width="small"),
        "preset": config.TextColumn("Preset", width=150),
        "tags": config.ListColumn("Tags", width="small"),
        "took": config.NumberColumn(
            "Seconds", format="%,.0f", help="Wall-clock time of the last attempt", width=75
        ),
        "created": config.DatetimeColumn("Launched", format="distance", width=110),
        "notes": config.TextColumn("Notes", width="medium"),
        "id": config.TextColumn("Id", width="small"),
    }
