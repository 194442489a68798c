"""One look at a search: what every part of its page reads, worked out once a drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from core.client import Client
from core.records.runs import Run
from core.records.searches import SearchRecord, SearchState, Trial, TrialState
from core.spec.search import Parameter, Search, parse_search
from dashboard import state
from dashboard.charts.search.points import Direction, Point, Scale, best_of
from dashboard.pages.search import ended_trials

METRIC_WORDS = {"val_accuracy": "validation accuracy", "val_loss": "validation loss"}
AT_WORK = frozenset({SearchState.RUNNING})


@dataclass(frozen=True)
class Snapshot:
    """A search, its trials and their runs at one moment."""

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
        """Which way is better."""
        return "max" if self.search.objective.direction == "max" else "min"

    @property
    def is_accuracy(self) -> bool:
        """Whether scores are shares, to be written in percent."""
        return self.search.objective.metric == "val_accuracy"

    @cached_property
    def score_words(self) -> str:
        """``Validation accuracy, best epoch, mean of 2 seeds``: no score without these."""
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
        """An axis a parameter."""
        return [scale_of(each) for each in self.search.parameters]

    @cached_property
    def points(self) -> list[Point]:
        """The trials as charts know them, by number."""
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
        """The completed trial with the best score; of equal ones that whose network is kept."""
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
        """Trials whose runs wait or train."""
        return [trial for trial in self.trials if trial.state is TrialState.RUNNING]

    def seconds_in(self, moment: datetime | None) -> float | None:
        """Seconds from the search's creation to a moment."""
        if moment is None:
            return None
        return max(0.0, (moment - self.record.created_at).total_seconds())

    def took_s(self, trial: Trial) -> float | None:
        """Seconds since a trial's first run began, up to its end; None before."""
        if trial.started_at is None:
            return None
        end = trial.finished_at or datetime.now(UTC)
        return max(0.0, (end - trial.started_at).total_seconds())

    def epochs_done(self, trial: Trial) -> int:
        """Finished epochs over all its runs."""
        return sum(self.runs[each].epochs_done for each in trial.run_ids if each in self.runs)

    def numbers(self, *, ended: bool) -> dict[str, int]:
        """The trials' numbers by the ids of their runs, of the ended ones or of the others."""
        return {
            run_id: trial.number
            for trial in self.trials
            if trial.state.is_ended is ended
            for run_id in trial.run_ids
        }


def look(lab: Client, search_id: str) -> Snapshot:
    """Read everything about a search. Raises SearchNotFound when it was deleted meanwhile."""
    record = lab.searches.get(search_id)
    # What a search looks for never changes, and reading it takes longer than all the rest.
    search = state.session(f"search/spec/{record.id}", lambda: parse_search(record.config))
    trials = tuple(lab.trials.list(record.id))
    ended = [run_id for trial in trials if trial.state.is_ended for run_id in trial.run_ids]
    others = [run_id for trial in trials if not trial.state.is_ended for run_id in trial.run_ids]
    runs = ended_trials.of(lab, record.id).runs(lab, ended, others)
    return Snapshot(record, search, trials, runs)


def scale_of(parameter: Parameter) -> Scale:
    """Where a parameter's values lie."""
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
