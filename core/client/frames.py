"""Metrics as a long pandas frame, the shape that charts and notebooks want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "run_id": "object",
    "epoch": "int64",
    "split": "object",
    "name": "object",
    "value": "float64",
    "seconds": "float64",
    "images": "int64",
}
"""Columns of a metrics frame and their types."""


def metrics_frame(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """One row for each value, in the order given; typed the same with no row at all."""
    # Imported here: only who asks for curves waits a third of a second for pandas.
    import pandas as pd

    return pd.DataFrame({name: columns[name] for name in COLUMNS}).astype(COLUMNS)
