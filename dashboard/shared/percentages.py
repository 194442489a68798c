"""Columns of percentages, two decimals each, so that they stand below each other.

Streamlit's own "percent" leaves out zeros at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

FORMAT = "%.2f %%"


def of_shares(shares: Sequence[float | None]) -> list[float | None]:
    """Shares of one as what stands in such a column."""
    return [None if share is None else 100.0 * share for share in shares]
