"""One table of many runs, some of them selected."""

from __future__ import annotations

from collections.abc import Sequence

from core.records.runs import Run
from dashboard import state
from dashboard.pages.runs import frame
from dashboard.shared import selectable_table

_KEY = "runs/table"


def show(runs: Sequence[Run]) -> list[Run]:
    """Draw the table; returns what is selected in it."""
    by_id = {run.id: run for run in runs}
    selected = selectable_table.show(
        _KEY,
        list(by_id),
        frame.frame(runs, state.last_metrics()),
        columns=frame.columns(),
        height=640,
        alt=f"Table of {len(runs)} runs with state, epochs and accuracies",
    )
    return [by_id[run_id] for run_id in selected]


def clear_selection() -> None:
    """Select nothing."""
    selectable_table.clear(_KEY)
