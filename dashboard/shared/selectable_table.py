"""A table whose selection stays with the selected rows, and a button that saves it as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from dashboard.shared import table_file
from dashboard.streamlit_workarounds import table_selection

K = TypeVar("K", str, int)


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

    A selection belongs to its rows and not to row numbers: it stays with them as rows come, go or
    move. ``height`` is the most, in pixels.
    """
    with table_selection.following(key, rows) as selection:
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
    return list(selection.chosen)


def clear(key: str) -> None:
    """Select nothing."""
    table_selection.clear(key)


PERCENT_FORMAT = "%.2f %%"


def percentages(shares: Sequence[float | None]) -> list[float | None]:
    """Shares (0 to 1) as numbers in percent; None stays None."""
    return [None if share is None else 100.0 * share for share in shares]
