"""One metric of one run as a line: selected from the long frame, put on an axis, smoothed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Axis = Literal["epoch", "seconds", "images"]
Split = Literal["train", "validation", "test"]
SeriesOf = dict[tuple[str, str], "Series"]

AXIS_TITLES: dict[Axis, str] = {
    "epoch": "Epoch",
    "seconds": "Training time (s)",
    "images": "Training images",
}


_FEW_EPOCHS = 10


def x_axis(x: Axis, xs: Iterable[Iterable[float]]) -> dict[str, object]:
    """The x axis of lines over ``xs``. For few epochs, each gets a tick, so none is fractional."""
    # Another axis has another range: only then the reader's zoom is dropped.
    axis: dict[str, object] = {"title": {"text": AXIS_TITLES[x]}, "uirevision": x}
    last = max((value for each in xs for value in each), default=0)
    if x == "epoch" and last <= _FEW_EPOCHS:
        axis["dtick"] = 1
    return axis


class RunStyle(NamedTuple):
    """A run in a chart: its id in the frame, its label, its colour."""

    run_id: str
    label: str
    colour: str


@dataclass(frozen=True)
class Break:
    """Consecutive epochs without a finite value, and whether they are NaN or infinite."""

    first_epoch: int
    last_epoch: int
    x: float
    kind: Literal["NaN", "infinite"]


@dataclass(frozen=True)
class Series:
    """One metric of one run and split, in order of epochs; all arrays have the same length.

    ``value`` is as recorded: NaN and infinities are kept.
    """

    epoch: NDArray[np.int64]
    x: NDArray[np.float64]
    value: NDArray[np.float64]

    @property
    def finite(self) -> NDArray[np.float64]:
        """The values with a gap (NaN) wherever one is not finite."""
        return np.where(np.isfinite(self.value), self.value, np.nan)

    def breaks(self) -> list[Break]:
        """The breaks of the curve in order."""
        broken = ~np.isfinite(self.value)
        starts = np.flatnonzero(broken & ~np.r_[False, broken[:-1]])
        ends = np.flatnonzero(broken & ~np.r_[broken[1:], False])
        return [
            Break(
                int(self.epoch[start]),
                int(self.epoch[end]),
                float(self.x[start]),
                "NaN" if np.isnan(self.value[start]) else "infinite",
            )
            for start, end in zip(starts, ends, strict=True)
        ]

    def nearest_finite(self, x: float) -> float:
        """The last finite value before ``x``, else the first after it, else 1.0."""
        finite = np.isfinite(self.value)
        before = self.value[finite & (self.x < x)]
        if before.size:
            return float(before[-1])
        after = self.value[finite]
        return float(after[0]) if after.size else 1.0


def split_series(frame: pd.DataFrame, *, name: str, x: Axis) -> SeriesOf:
    """Every run's and split's series of one metric, by ``(run_id, split)``.

    ``frame`` is the long metrics frame: columns run_id, epoch, split, name, value, seconds,
    images. Rows may come in any order.
    """
    if frame.empty:
        return {}
    rows = frame.loc[frame["name"] == name].sort_values("epoch", kind="stable")
    return {
        (str(run_id), str(split)): Series(
            epoch=group["epoch"].to_numpy(dtype=np.int64),
            x=group[x].to_numpy(dtype=np.float64),
            value=group["value"].to_numpy(dtype=np.float64),
        )
        for (run_id, split), group in rows.groupby(["run_id", "split"], sort=False, observed=True)
    }


def smooth(value: NDArray[np.float64], smoothing: float) -> NDArray[np.float64]:
    """The debiased exponential moving average of ``value``, gaps left as gaps.

    With b = ``smoothing`` (0 leaves the values, 0.99 is the most) and v_1, v_2, ... the finite
    values: s_0 = 0, s_t = b s_(t-1) + (1 - b) v_t, and the result is s_t / (1 - b^t). The
    division takes out the pull of s_0 towards zero (Adam's bias correction, Kingma and Ba,
    2015). It is the same as averaging with the weights b^(t-i), which is how pandas writes it.

    Raises ValueError when ``smoothing`` lies outside 0 to 0.99.
    """
    if not 0 <= smoothing <= 0.99:
        raise ValueError(f"smoothing is {smoothing}; expected 0 to 0.99")
    gaps = np.where(np.isfinite(value), value, np.nan)
    if smoothing == 0:
        return gaps
    average = pd.Series(gaps).ewm(alpha=1 - smoothing, adjust=True, ignore_na=True).mean()
    return np.where(np.isnan(gaps), np.nan, average.to_numpy(dtype=np.float64))
