"""One table of many runs with a selection that stays with its runs as rows come and go."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.store.records import Run
from dashboard import state
from dashboard.components import runs_frame

_KEY = "runs/table"
_SHOWN = "runs/shown"


def show(runs: Sequence[Run]) -> None:
    """Draw the table; ``selected`` tells what is selected in it."""
    st.dataframe(
        runs_frame.frame(runs, state.last_metrics()),
        key=_KEY,
        column_config=runs_frame.columns(),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        height=min(640, 38 + 35 * max(3, len(runs))),
        placeholder="—",
        alt=f"Table of {len(runs)} runs with state, epochs and accuracies",
    )


def selected(runs: Sequence[Run]) -> list[Run]:
    """The selected runs among ``runs``, which the table is about to show.

    The browser knows row numbers only. When rows came or went since it was drawn, the
    selection is moved to where its runs are now: nobody may delete the wrong one.
    """
    by_id = {run.id: run for run in runs}
    before: list[str] = st.session_state.get(_SHOWN, [])
    rows = _rows()
    chosen = [before[row] for row in rows if row < len(before) and before[row] in by_id]
    now = list(by_id)
    if now != before:
        place = {run_id: row for row, run_id in enumerate(now)}
        st.session_state[_SHOWN] = now
        moved = [place[run_id] for run_id in chosen]
        if moved != rows:
            st.session_state[_KEY] = {"selection": {"rows": moved, "columns": [], "cells": []}}
    return [by_id[run_id] for run_id in chosen]


def clear_selection() -> None:
    """Select nothing."""
    st.session_state[_KEY] = {"selection": {"rows": [], "columns": [], "cells": []}}


def _rows() -> list[int]:
    table = st.session_state.get(_KEY)
    return [] if table is None else list(table["selection"]["rows"])
