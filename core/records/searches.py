"""Records of searches and trials, and their states. No SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class SearchState(StrEnum):
    """Where a search is in its life. People can resume it from any end."""

    RUNNING = "running"
    PAUSED = "paused"
    """No new trials start; those that run continue. The reason says why."""
    FINISHED = "finished"
    FAILED = "failed"
    """Its controller cannot continue; the reason says why."""


SEARCH_TRANSITIONS: dict[SearchState, frozenset[SearchState]] = {
    SearchState.RUNNING: frozenset({SearchState.PAUSED, SearchState.FINISHED, SearchState.FAILED}),
    SearchState.PAUSED: frozenset({SearchState.RUNNING, SearchState.FINISHED, SearchState.FAILED}),
    SearchState.FINISHED: frozenset({SearchState.RUNNING}),
    SearchState.FAILED: frozenset({SearchState.RUNNING, SearchState.FINISHED}),
}
"""Every change of a search's state that is allowed."""


class TrialState(StrEnum):
    """Where a trial is in its life. An ended trial never changes again."""

    QUEUED = "queued"
    """Enqueued by hand and without runs yet."""
    RUNNING = "running"
    """Its runs wait in the queue or train."""
    COMPLETED = "completed"
    PRUNED = "pruned"
    """Stopped because others were better at the same epoch."""
    STOPPED = "stopped"
    """Stopped by a person."""
    FAILED = "failed"

    @property
    def is_ended(self) -> bool:
        """Whether it never changes again."""
        return self not in {TrialState.QUEUED, TrialState.RUNNING}


ORACLE, MANUAL = "oracle", "manual"
"""Who proposed a trial."""


AWAY_S = 60.0
"""A search without a heartbeat for this long (a dozen of them) has no controller."""


@dataclass(frozen=True)
class SearchRecord:
    """One search. All times are aware UTC."""

    id: str
    name: str
    state: SearchState
    reason: str
    """One sentence on why it is paused, finished or failed; empty while it runs."""
    config: dict[str, Any]
    """The Search as plain JSON types, with the budget that it began with."""
    budget: dict[str, Any]
    """The budget as it is now."""
    preset: str | None
    base_run_id: str | None
    """The run that it was made from, if any."""
    created_at: datetime
    started_at: datetime
    """When it was last started, plus the hours without a controller since then."""
    finished_at: datetime | None
    seconds_before: float
    """Its time before ``started_at``, without pauses."""
    num_trials: int
    num_done: int
    """How many of them have ended."""
    best_number: int | None
    best_score: float | None
    heartbeat_at: datetime | None
    pid: int | None
    generation: int
    """Counts the starts of its controllers: only the newest one may write."""
    failures: int
    """Trials that failed in a row."""
    restarts: int
    """Starts of its controller since a trial last began or ended."""

    def seconds_spent(self, now: datetime) -> float:
        """Its running time, without pauses and without hours that had no controller."""
        if self.state is not SearchState.RUNNING:
            return self.seconds_before
        running = (now - self.started_at).total_seconds()
        return self.seconds_before + running - self.seconds_away(now)

    def seconds_away(self, now: datetime) -> float:
        """Seconds without a heartbeat beyond ``AWAY_S``, as while a laptop is closed."""
        seen = max(self.started_at, self.heartbeat_at or self.started_at)
        return max(0.0, (now - seen).total_seconds() - AWAY_S)


@dataclass(frozen=True)
class Trial:
    """One combination of values, its state and its score."""

    search_id: str
    number: int
    """From 1."""
    key: str
    """The oracle's name for it; unique in its search."""
    state: TrialState
    values: dict[str, Any]
    """By parameter name; without parameters whose condition is not met."""
    score: float | None
    """Mean of the objective over its runs; of a pruned or stopped trial, until its last epoch."""
    best_epoch: int | None
    """The best epoch of its first run."""
    epochs: int
    """Requested epochs, with those of the trial that it continues."""
    initial_epoch: int
    """Epochs of the trial that it continues; 0 when it continues none."""
    continues: int | None
    """Number of the trial that it continues."""
    origin: str
    """``oracle`` or ``manual``."""
    verdict: TrialState | None
    """How it ends once its runs have stopped, after a stop request or pruning."""
    reason: str
    run_ids: tuple[str, ...]
    """One per seed; fewer when runs were deleted."""
    num_runs: int
    """How many it began with."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    told_order: int | None
    """Its place, from 1, in the order in which trials ended."""

    @property
    def came_to_nothing(self) -> bool:
        """Whether it was enqueued by hand and ended before it began: its values were not tried."""
        return self.origin == MANUAL and self.state.is_ended and self.started_at is None
