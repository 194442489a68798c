"""Trials as rows of a table: state, values, score with its epoch, epochs, time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.records.searches import MANUAL, Trial
from dashboard.charts.search.points import shown
from dashboard.pages.search.snapshot import Snapshot
from dashboard.pages.search.trial_state import SIGNS
from dashboard.shared import percentages

_PREFIX = "value/"
"""A parameter may be called as one of the table's own columns is."""


def frame(seen: Snapshot, trials: Sequence[Trial]) -> pd.DataFrame:
    """One row a trial, in their order, ready for ``columns()``."""
    scores = [trial.score for trial in trials]
    own = {
        "number": [trial.number for trial in trials],
        "state": [SIGNS[trial.state] for trial in trials],
        "score": percentages.of_shares(scores) if seen.is_accuracy else scores,
        "best_epoch": [trial.best_epoch for trial in trials],
    }
    values = {
        f"{_PREFIX}{each.name}": _column([trial.values.get(each.name) for trial in trials])
        for each in seen.search.parameters
    }
    rest = {
        "epochs": [_epochs(seen, trial) for trial in trials],
        "took": [seen.took_s(trial) for trial in trials],
        "origin": ["by hand" if trial.origin == MANUAL else "" for trial in trials],
        "reason": [trial.reason for trial in trials],
    }
    return pd.DataFrame(own | values | rest).astype(
        {"score": float, "best_epoch": "Int64", "took": float}
    )


def columns(seen: Snapshot) -> dict[str, ColumnConfig]:
    """What the columns are called and how they are written."""
    config = st.column_config
    own: dict[str, ColumnConfig] = {
        "number": config.NumberColumn("Trial", width=60, format="%d"),
        "state": config.TextColumn("State", width=105),
        "score": config.NumberColumn(
            "Score",
            width=85,
            help=seen.score_words,
            format=percentages.FORMAT if seen.is_accuracy else "%.4g",
        ),
        "best_epoch": config.NumberColumn("in epoch", width="small", help="Epoch of the best"),
        "epochs": config.TextColumn("Epochs", width="small", help="Done / asked for, all seeds"),
        "took": config.NumberColumn("Seconds", format="%,.0f", width="small"),
        "origin": config.TextColumn("Queued", width="small"),
        "reason": config.TextColumn("Why it ended", width="medium"),
    }
    values = {
        f"{_PREFIX}{each.name}": (
            # Else a drawn one is written with all its digits, and cut off in front.
            config.NumberColumn(each.name, format="%.4g")
            if each.range.kind == "real"
            else config.Column(each.name)
        )
        for each in seen.search.parameters
    }
    return own | values


def _column(values: list[object]) -> list[object]:
    """Numbers stay numbers, so that they sort as such; a mixed column is written out."""
    known = [value for value in values if value is not None]
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in known):
        return values
    return [None if value is None else shown(value) for value in values]  # type: ignore[arg-type]


def _epochs(seen: Snapshot, trial: Trial) -> str:
    runs = max(1, trial.num_runs)
    return f"{seen.epochs_done(trial)} / {trial.epochs * runs}"
