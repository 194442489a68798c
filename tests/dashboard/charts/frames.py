"""Long metrics frames for the charts' tests, in the shape ``Client.metrics`` gives."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

COLUMNS = ["run_id", "epoch", "split", "name", "value", "seconds", "images"]


def metrics(run_id: str, split: str, name: str, values: Sequence[float]) -> pd.DataFrame:
    """One value an epoch from 1 on; 2 s and 100 images each."""
    rows = [
        (run_id, epoch, split, name, value, 2.0 * epoch, 100 * epoch)
        for epoch, value in enumerate(values, start=1)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def nothing() -> pd.DataFrame:
    """The frame of a run before its first epoch."""
    return pd.DataFrame([], columns=COLUMNS)
