"""A table whose selection stays with what was selected, as rows come and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pandas as pd
import streamlit as st

from dashboard import state

K = TypeVar("K", str, int)


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

    def look(self, marked: list[int], now: Sequence[K]) -> list[int]:
        """Read what the browser has marked, and give where that is among the rows of ``now``."""
        is_stale = marked in self.overtaken and marked != self.told
        if not is_stale:
            self.overtaken = []
            self.chosen = [self.shown[row] for row in marked if row < len(self.shown)]
        place = {key: row for row, key in enumerate(now)}
        self.chosen = [key for key in self.chosen if key in place]
        moved = [place[key] for key in self.chosen]
        if is_stale and moved != self.told:
            self.overtaken.append(self.told)
        elif not is_stale and moved != marked:
            self.overtaken = [marked]
        self.told = moved
        return moved


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

    Whoever acts on a selection must never meet the neighbour of what was ticked: when rows came
    or went since the browser drew the table, the selection is moved to where they are now.
    """
    selection = state.session(f"{key}/selection", Selection[K])
    marked = _marked(key)
    moved = selection.look(marked, rows)
    if moved != marked or selection.overtaken:
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
    # Not before: a drawing may be cut short, and the browser then still has the rows before.
    selection.shown = list(rows)
    return list(selection.chosen)


def clear(key: str) -> None:
    """Select nothing."""
    _mark(key, [])


def _marked(key: str) -> list[int]:
    table = st.session_state.get(key)
    return [] if table is None else list(table["selection"]["rows"])


def _mark(key: str, rows: list[int]) -> None:
    st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
