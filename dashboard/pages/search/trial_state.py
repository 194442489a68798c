"""A search's and a trial's state in words, signs and colours."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.records.searches import SearchRecord, SearchState, TrialState
from dashboard.shared.text import NOTHING, percent

Colour = Literal["blue", "orange", "green", "red", "gray"]

BADGES: dict[SearchState, tuple[str, Colour]] = {
    SearchState.RUNNING: (":material/play_arrow:", "blue"),
    SearchState.PAUSED: (":material/pause_circle:", "orange"),
    SearchState.FINISHED: (":material/check_circle:", "green"),
    SearchState.FAILED: (":material/error:", "red"),
}
SIGNS = {
    TrialState.QUEUED: "◷ queued",
    TrialState.RUNNING: "▶ running",
    TrialState.COMPLETED: "✔ completed",
    TrialState.PRUNED: "✂ pruned",
    TrialState.STOPPED: "◼ stopped",
    TrialState.FAILED: "✖ failed",
}
"""For table cells: a sign as well as the word, so that colour is not needed."""


def badge(record: SearchRecord) -> None:
    """The search's state as a coloured badge with its word."""
    icon, colour = BADGES[record.state]
    st.badge(record.state.value, icon=icon, color=colour)


def score(value: float | None, *, is_accuracy: bool) -> str:
    """``81.2 %`` for accuracies, ``0.4312`` for losses."""
    if value is None:
        return NOTHING
    return percent(value) if is_accuracy else f"{value:.4g}"
