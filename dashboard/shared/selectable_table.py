"""A table whose selection stays with the selected rows when rows come and go."""

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
"""How long after a move of the selection the browser may still send the old row numbers."""


@dataclass
class Selection(Generic[K]):
    """The selected rows by key. The browser sends row numbers only, of the rows that it shows."""

    shown: list[K] = field(default_factory=list)
    """The keys of the rows at the last rerun."""
    chosen: list[K] = field(default_factory=list)
    current: list[int] = field(default_factory=list)
    """The row numbers of the selection, as last sent to the browser."""
    outdated: list[list[int]] = field(default_factory=list)
    """Earlier row numbers, which the browser may still send until it has the current ones."""
    outdated_at: float = 0.0
    sent: list[int] | None = None
    """The row numbers that were sent with the last rerun; None for nothing."""

    def update(self, marked: list[int], rows: Sequence[K], at: float) -> list[int]:
        """Read the row numbers that the browser marked; return those of the selection in ``rows``.

        ``at`` is in seconds of a monotonic clock.
        """
        if at - self.outdated_at >= ON_ITS_WAY_S:
            self.outdated = []
        is_stale = marked in self.outdated and marked != self.current
        if not is_stale:
            if marked != self.current:
                self.outdated = []  # a new choice of a user who sees the current rows
            self.chosen = [self.shown[row] for row in marked if row < len(self.shown)]
        place = {key: row for row, key in enumerate(rows)}
        self.chosen = [key for key in self.chosen if key in place]
        moved = [place[key] for key in self.chosen]
        self._move(self.current if is_stale else marked, moved, at)
        return moved

    def must_send(self, marked: list[int]) -> bool:
        """Whether this rerun must send the selection to the browser.

        It must when rows have moved, and otherwise at every second rerun: in a table that the user
        sorted, the mark stays on its line while new values move the rows, until the selection is
        sent again; and sending the same selection twice in a row has no effect (Streamlit 1.67).
        """
        must_send = self.current != marked or bool(self.outdated)
        must_send = must_send or (bool(self.current) and self.current != self.sent)
        self.sent = self.current if must_send else None
        return must_send

    def clear(self, marked: list[int], at: float) -> None:
        """Select nothing, even if the browser still sends ``marked``."""
        self.chosen = []
        self._move(marked, [], at)

    def _move(self, before: list[int], after: list[int], at: float) -> None:
        if after != before:
            self.outdated.append(before)
            self.outdated_at = at
        self.current = after


def show(
    key: str,
    rows: Sequence[K],
    frame: pd.DataFrame,
    *,
    columns: dict[str, Any],
    height: int,
    alt: str,
) -> list[K]:
    """Show ``frame``, whose rows have the keys ``rows``; return the keys of the selected rows.

    Actions use keys, not row numbers: rows may move between a click and its handling. When rows
    come or go, the selection moves with its rows. One case remains: a click after new rows were
    sent and before the browser shows them is read as a click on the new rows, because the browser
    does not send which rows it shows.
    """
    selection: Selection[K] = _selection(key)
    marked = _marked(key)
    moved = selection.update(marked, rows, time.monotonic())
    if selection.must_send(marked):
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
    # Only now: a rerun may be interrupted, and the browser then still shows the earlier rows.
    selection.shown = list(rows)
    return list(selection.chosen)


def clear(key: str) -> None:
    """Select nothing."""
    _selection(key).clear(_marked(key), time.monotonic())
    _mark(key, [])


def _selection(key: str) -> Selection[Any]:
    return state.session(f"{key}/selection", Selection[Any])


def _marked(key: str) -> list[int]:
    table = st.session_state.get(key)
    return [] if table is None else list(table["selection"]["rows"])


def _mark(key: str, rows: list[int]) -> None:
    st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}


PERCENT_FORMAT = "%.2f %%"


def percentages(shares: Sequence[float | None]) -> list[float | None]:
    """Shares (0 to 1) as numbers in percent; None stays None."""
    return [None if share is None else 100.0 * share for share in shares]
