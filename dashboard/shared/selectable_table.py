"""A table whose selection stays with what was selected, as rows come and go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.shared import table_file

K = TypeVar("K", str, int)


ON_ITS_WAY_S = 1.0
"""So long after a selection was moved the browser may still speak of where it was."""


@dataclass
class Selection(Generic[K]):
    """What is selected. The browser tells row numbers only, and of the rows that it has drawn."""

    shown: list[K] = field(default_factory=list)
    """What the rows of the last drawing were."""
    chosen: list[K] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    """The row numbers that the browser was given last."""
    overtaken: list[list[int]] = field(default_factory=list)
    """Row numbers that it had or was given before that: it may not know the last ones yet."""
    overtaken_at: float = 0.0
    sent: list[int] | None = None
    """What went with the last drawing; None when nothing did."""

    def look(self, marked: list[int], now: Sequence[K], at: float) -> list[int]:
        """Read what the browser has marked, and give where that is among the rows of ``now``.

        ``at``: seconds of a clock that never goes back.
        """
        if at - self.overtaken_at >= ON_ITS_WAY_S:
            self.overtaken = []
        is_stale = marked in self.overtaken and marked != self.told
        if not is_stale:
            if marked != self.told:
                self.overtaken = []  # a choice of a person who sees the rows as they are
            self.chosen = [self.shown[row] for row in marked if row < len(self.shown)]
        place = {key: row for row, key in enumerate(now)}
        self.chosen = [key for key in self.chosen if key in place]
        moved = [place[key] for key in self.chosen]
        self._overtake(self.told if is_stale else marked, moved, at)
        return moved

    def is_said(self, marked: list[int]) -> bool:
        """Whether this drawing is to tell the browser what is selected.

        When rows move, and else with every other drawing: a table that a person sorted keeps the
        tick on its line while other values bring another row there, until it is told anew, and
        twice the same is not told anew (Streamlit 1.67).
        """
        is_said = self.told != marked or bool(self.overtaken)
        is_said = is_said or (bool(self.told) and self.told != self.sent)
        self.sent = self.told if is_said else None
        return is_said

    def drop(self, marked: list[int], at: float) -> None:
        """Select nothing, whatever the browser still says is marked."""
        self.chosen = []
        self._overtake(marked, [], at)

    def _overtake(self, before: list[int], told: list[int], at: float) -> None:
        if told != before:
            self.overtaken.append(before)
            self.overtaken_at = at
        self.told = told


def show(
    key: str,
    rows: Sequence[K],
    frame: pd.DataFrame,
    *,
    columns: dict[str, Any],
    height: int,
    alt: str,
) -> list[K]:
    """Draw ``frame``, whose rows are called ``rows``; returns those that are selected.

    Whoever acts on a selection is not to meet the neighbour of what was ticked: when rows come or
    go, the selection moves with its own. One case is left: a tick in the moment between rows that
    came and the browser's drawing of them is read against the new rows, as nothing that the
    browser tells says which it has drawn.
    """
    selection: Selection[K] = _selection(key)
    marked = _marked(key)
    moved = selection.look(marked, rows, time.monotonic())
    if selection.is_said(marked):
        _mark(key, moved)
    st.dataframe(
        frame,
        key=key,
        column_config=columns,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        height=min(height, 38 + 35 * max(3, len(rows))),
        placeholder="—",
        alt=alt,
    )
    table_file.download(frame, columns, key=f"{key}/csv")
    # Not before: a drawing may be cut short, and the browser then still has the rows before.
    selection.shown = list(rows)
    return list(selection.chosen)


def clear(key: str) -> None:
    """Select nothing."""
    _selection(key).drop(_marked(key), time.monotonic())
    _mark(key, [])


def _selection(key: str) -> Selection[Any]:
    return state.session(f"{key}/selection", Selection[Any])


def _marked(key: str) -> list[int]:
    table = st.session_state.get(key)
    return [] if table is None else list(table["selection"]["rows"])


def _mark(key: str, rows: list[int]) -> None:
    st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
