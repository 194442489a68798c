"""The selected rows of a table stay selected when rows come, go or move.

Upstream: the browser reports a selection as row numbers and keeps them when the data changes, so
the same numbers then mean other rows (https://github.com/streamlit/streamlit/issues/17026, and
https://github.com/streamlit/streamlit/issues/9505; Streamlit 1.67).

Here: the server remembers which row each number meant, moves the selection with its rows and
sends the new numbers. Until the browser has them, it may report numbers that were right before:
those are recognised and ignored for a second. The numbers are also sent with every other run, as a
table that a person has sorted keeps the mark on its line while other values bring another row
there, and Streamlit does not send the same numbers twice in a row.

One case is left. Nothing in a report says which rows the browser shows, so a click in the moment
between new rows on the server and in the browser is read against the new rows.

It can go when ``st.dataframe`` reports which rows are selected and not only their numbers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import streamlit as st

K = TypeVar("K", str, int)

REPORT_DELAY_S = 1.0
"""For so long after a selection moved, the browser may still report its old row numbers."""


@dataclass
class Selection(Generic[K]):
    """What is selected in one table. Rows have names of the type ``K``, such as run ids."""

    rows: list[K] = field(default_factory=list)
    """The rows of the last complete run, from the top."""
    chosen: list[K] = field(default_factory=list)
    """The rows that are selected."""
    numbers: list[int] = field(default_factory=list)
    """The row numbers of ``chosen`` that the browser should have."""
    outdated: list[list[int]] = field(default_factory=list)
    """Row numbers from before that: the browser may still report them."""
    outdated_at: float = 0.0
    sent: list[int] | None = None
    """What was sent to the browser in the last run; None: nothing."""

    def follow(self, reported: list[int], rows: Sequence[K], now: float) -> list[int]:
        """Read the row numbers that the browser reports; give those of the same rows in ``rows``.

        ``now``: seconds of a clock that never goes back.
        """
        if now - self.outdated_at >= REPORT_DELAY_S:
            self.outdated = []
        is_stale = reported in self.outdated and reported != self.numbers
        if not is_stale:
            if reported != self.numbers:
                self.outdated = []  # a person has clicked, and sees the rows as they are
            self.chosen = [self.rows[row] for row in reported if row < len(self.rows)]
        number = {key: row for row, key in enumerate(rows)}
        self.chosen = [key for key in self.chosen if key in number]
        moved = [number[key] for key in self.chosen]
        self._replace(self.numbers if is_stale else reported, moved, now)
        return moved

    def must_send(self, reported: list[int]) -> bool:
        """Whether this run must send the row numbers: when rows moved, else in every other run."""
        has_moved = self.numbers != reported or bool(self.outdated)
        must_send = has_moved or (bool(self.numbers) and self.numbers != self.sent)
        self.sent = self.numbers if must_send else None
        return must_send

    def clear(self, reported: list[int], now: float) -> None:
        """Select nothing, also where the browser still reports ``reported``."""
        self.chosen = []
        self._replace(reported, [], now)

    def _replace(self, before: list[int], numbers: list[int], now: float) -> None:
        if numbers != before:
            self.outdated.append(before)
            self.outdated_at = now
        self.numbers = numbers


@contextmanager
def following(key: str, rows: Sequence[K]) -> Iterator[Selection[K]]:
    """Around the drawing of the ``st.dataframe`` with this key, whose rows are ``rows``.

    ``chosen`` of the result are those that are selected.
    """
    selection: Selection[K] = _selection(key)
    reported = _reported(key)
    moved = selection.follow(reported, rows, time.monotonic())
    if selection.must_send(reported):
        _send(key, moved)
    yield selection
    # Not in a finally: a run may be cut short, and the browser then still shows the rows before.
    selection.rows = list(rows)


def clear(key: str) -> None:
    """Select nothing in the table ``key``."""
    _selection(key).clear(_reported(key), time.monotonic())
    _send(key, [])


def _selection(key: str) -> Selection[Any]:
    selection: Selection[Any] = st.session_state.setdefault(f"{key}/selection", Selection())
    return selection


def _reported(key: str) -> list[int]:
    table = st.session_state.get(key)
    return [] if table is None else list(table["selection"]["rows"])


def _send(key: str, rows: list[int]) -> None:
    st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
