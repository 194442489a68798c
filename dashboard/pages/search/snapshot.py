"""A search at one moment: everything that the parts of its page read, prepared once per rerun."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

import pandas as pd
import streamlit as st

from core.client import Client
from core.records.runs import Run, RunState
from core.records.searches import SearchRecord, SearchState, Trial, TrialState
from core.settings import Settings
from core.spec.search import Parameter, Search, parse_search
from dashboard import state
from dashboard.charts.search.points import Direction, Point, Scale, best_of
from dashboard.shared.text import NOTHING, percent

METRIC_WORDS = {"val_accuracy": "validation accuracy", "val_loss": "validation loss"}


@dataclass(frozen=True)
class Snapshot:
    """A search, its trials and their runs, read at one moment."""

    record: SearchRecord
    search: Search
    trials: tuple[Trial, ...]
    runs: Mapping[str, Run]
    """Of the trials, by id."""

    @property
    def id(self) -> str:
        """The search's id."""
        return self.record.id

    @property
    def direction(self) -> Direction:
        """Whether a higher or a lower score is better."""
        return "max" if self.search.objective.direction == "max" else "min"

    @property
    def is_accuracy(self) -> bool:
        """Whether scores are accuracies, which are shown in percent."""
        return self.search.objective.metric == "val_accuracy"

    @cached_property
    def score_words(self) -> str:
        """What the score is: ``Validation accuracy, best epoch, mean of 2 seeds``."""
        objective = self.search.objective
        seeds = len(self.search.seeds)
        mean = f", mean of {seeds} seeds" if seeds > 1 else ""
        return f"{self.metric_words.capitalize()}, {objective.which} epoch{mean}"

    @property
    def metric_words(self) -> str:
        """``validation accuracy``."""
        metric = str(self.search.objective.metric)
        return METRIC_WORDS.get(metric, metric)

    @cached_property
    def scales(self) -> list[Scale]:
        """One scale per hyperparameter."""
        return [scale_of(each) for each in self.search.parameters]

    @cached_property
    def points(self) -> list[Point]:
        """The trials in the form that charts take, in order of their numbers."""
        return [
            Point(
                trial.number,
                trial.state.value,
                trial.score,
                trial.values,
                self.seconds_in(trial.finished_at),
            )
            for trial in self.trials
        ]

    @cached_property
    def best(self) -> Trial | None:
        """The completed trial with the best score; among equals, the one whose model is saved."""
        kept_number = self.record.best_number
        if kept_number is not None and kept_number in self.by_number:
            return self.by_number[kept_number]
        found = best_of(self.points, self.direction)
        return None if found is None else self.by_number[found.number]

    @cached_property
    def by_number(self) -> Mapping[int, Trial]:
        """Trials by their numbers."""
        return {trial.number: trial for trial in self.trials}

    @cached_property
    def running(self) -> list[Trial]:
        """Trials whose runs are queued or training."""
        return [trial for trial in self.trials if trial.state is TrialState.RUNNING]

    def seconds_in(self, moment: datetime | None) -> float | None:
        """Seconds from the search's creation to a moment."""
        if moment is None:
            return None
        return max(0.0, (moment - self.record.created_at).total_seconds())

    def took_s(self, trial: Trial) -> float | None:
        """Seconds from the start of a trial's first run to its end or now; None before."""
        if trial.started_at is None:
            return None
        end = trial.finished_at or datetime.now(UTC)
        return max(0.0, (end - trial.started_at).total_seconds())

    def epochs_done(self, trial: Trial) -> int:
        """Finished epochs over all its runs."""
        return sum(self.runs[each].epochs_done for each in trial.run_ids if each in self.runs)

    def numbers(self, *, ended: bool) -> dict[str, int]:
        """Trial numbers by run id, for ended trials or for all others."""
        return {
            run_id: trial.number
            for trial in self.trials
            if trial.state.is_ended is ended
            for run_id in trial.run_ids
        }


def read_search(client: Client, search_id: str) -> Snapshot:
    """Read a search with its trials and runs. Raises SearchNotFound."""
    record = client.searches.get(search_id)
    # A search's config never changes, and parsing it takes longer than everything else here.
    search = state.session(f"search/spec/{record.id}", lambda: parse_search(record.config))
    trials = tuple(client.trials.list(record.id))
    ended = [run_id for trial in trials if trial.state.is_ended for run_id in trial.run_ids]
    others = [run_id for trial in trials if not trial.state.is_ended for run_id in trial.run_ids]
    runs = ended_trials(client, record.id).runs(client, ended, others)
    return Snapshot(record, search, trials, runs)


def scale_of(parameter: Parameter) -> Scale:
    """The scale of a hyperparameter's values."""
    span = parameter.range
    if span.kind == "choice":
        return Scale(parameter.name, "category", values=tuple(span.values))
    if span.kind == "boolean":
        return Scale(parameter.name, "category", values=(False, True))
    if span.kind == "variants":
        return Scale(parameter.name, "category", values=tuple(span.variants))
    return Scale(
        parameter.name,
        "log" if span.scale == "log" else "linear",
        float(span.minimum),
        float(span.maximum),
        integer=span.kind == "integer",
    )


_CHART_METRICS = frozenset({"accuracy", "loss"})


class EndedTrials:
    """A cache of the runs and validation curves of a search's ended trials.

    They never change, so each is read once. Several browser sessions share the cache.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._has_curve: set[str] = set()
        self._curves = pd.DataFrame()

    def runs(self, client: Client, ended: Sequence[str], others: Sequence[str]) -> dict[str, Run]:
        """The runs of all trials by id. Of the runs in ``ended``, only new ones are read."""
        with self._lock:
            new = [run_id for run_id in ended if run_id not in self._runs]
            # With states=, runs whose rows cannot be read are left out and raise no error.
            found = client.runs.list(ids=[*new, *others], states=RunState) if new or others else []
            read = {run.id: run for run in found}
            self._runs |= {run_id: read[run_id] for run_id in new if run_id in read}
            return {run_id: self._runs[run_id] for run_id in ended if run_id in self._runs} | read

    def curves(
        self, client: Client, ended: Mapping[str, int], others: Mapping[str, int]
    ) -> pd.DataFrame:
        """Validation curves as a long frame with the trial's number in the column ``trial``.

        ``ended`` and ``others`` map run ids to the numbers of their trials.
        """
        with self._lock:
            new = [run_id for run_id in ended if run_id not in self._has_curve]
            if new:
                self._curves = pd.concat(
                    [self._curves, _validation_rows(client.metrics.frame(new), ended)]
                )
                self._has_curve.update(new)
            kept = self._curves
        now = _validation_rows(client.metrics.frame(list(others)), others)
        return pd.concat([kept, now]) if len(kept) else now


def ended_trials(client: Client, search_id: str) -> EndedTrials:
    """The cache of one search's ended trials."""
    return _ended_trials(client.settings, search_id)


@st.cache_resource(show_spinner=False, max_entries=8)
def _ended_trials(settings: Settings, search_id: str) -> EndedTrials:
    return EndedTrials()


def _validation_rows(frame: pd.DataFrame, numbers: Mapping[str, int]) -> pd.DataFrame:
    rows = frame.loc[(frame["split"] == "validation") & frame["name"].isin(_CHART_METRICS)]
    return rows.assign(trial=rows["run_id"].map(dict(numbers)).astype("int64"))


Colour = Literal["blue", "orange", "green", "red", "gray"]

BADGES: dict[SearchState, tuple[str, Colour]] = {
    SearchState.RUNNING: (":material/play_arrow:", "blue"),
    SearchState.PAUSED: (":material/pause_circle:", "orange"),
    SearchState.FINISHED: (":material/check_circle:", "green"),
    SearchState.FAILED: (":material/error:", "red"),
}
SIGNS = {
    TrialState.QUEUED: "◷ queued",
    TrialState.RUNNING: "▶ running",
    TrialState.COMPLETED: "✔ completed",
    TrialState.PRUNED: "✂ pruned",
    TrialState.STOPPED: "◼ stopped",
    TrialState.FAILED: "✖ failed",
}
"""For table cells: a sign and a word, so that colour is not needed."""


def badge(record: SearchRecord) -> None:
    """Show the search's state as a coloured badge."""
    icon, colour = BADGES[record.state]
    st.badge(record.state.value, icon=icon, color=colour)


def score_text(value: float | None, *, is_accuracy: bool) -> str:
    """A score as ``81.2 %`` for accuracies and ``0.4312`` for losses; a dash for None."""
    if value is None:
        return NOTHING
    return percent(value) if is_accuracy else f"{value:.4g}"
