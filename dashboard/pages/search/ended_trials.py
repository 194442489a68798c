"""What ended trials leave behind never changes: it is read once, and not at every look."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.client import Client
from core.records.runs import Run, RunState
from core.settings import Settings

_DRAWN = frozenset({"accuracy", "loss"})


class Kept:
    """Runs and validation curves of a search's ended trials. Several visitors may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._has_curve: set[str] = set()
        self._curves = pd.DataFrame()

    def runs(self, lab: Client, ended: Sequence[str], others: Sequence[str]) -> dict[str, Run]:
        """The runs of all trials, by id; of those in ``ended`` only what is new is read."""
        with self._lock:
            new = [run_id for run_id in ended if run_id not in self._runs]
            # By any state: without one, an id whose entry cannot be read would be an error.
            found = lab.runs.list(ids=[*new, *others], states=RunState) if new or others else []
            read = {run.id: run for run in found}
            self._runs |= {run_id: read[run_id] for run_id in new if run_id in read}
            return {run_id: self._runs[run_id] for run_id in ended if run_id in self._runs} | read

    def curves(
        self, lab: Client, ended: Mapping[str, int], others: Mapping[str, int]
    ) -> pd.DataFrame:
        """Validation curves as a long frame with a column ``trial``, its number.

        ``ended`` and ``others`` are the numbers of the trials by the ids of their runs.
        """
        with self._lock:
            new = [run_id for run_id in ended if run_id not in self._has_curve]
            if new:
                self._curves = pd.concat([self._curves, _drawn(lab.metrics.frame(new), ended)])
                self._has_curve.update(new)
            kept = self._curves
        now = _drawn(lab.metrics.frame(list(others)), others)
        return pd.concat([kept, now]) if len(kept) else now


def of(lab: Client, search_id: str) -> Kept:
    """What is kept of a search."""
    return _kept(lab.settings, search_id)


@st.cache_resource(show_spinner=False, max_entries=8)
def _kept(settings: Settings, search_id: str) -> Kept:
    return Kept()


def _drawn(frame: pd.DataFrame, numbers: Mapping[str, int]) -> pd.DataFrame:
    rows = frame.loc[(frame["split"] == "validation") & frame["name"].isin(_DRAWN)]
    return rows.assign(trial=rows["run_id"].map(dict(numbers)).astype("int64"))
