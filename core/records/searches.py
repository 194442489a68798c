"""What the store gives back of searches: frozen rows and their states. No SQL in here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class SearchState(StrEnum):
    """Where a search is in its life. A person may set one going again from any end."""

    RUNNING = "running"
    PAUSED = "paused"
    """No new trials; those in flight go on. By a person, or by itself with a reason."""
    FINISHED = "finished"
    FAILED = "failed"
    """Its controller cannot go on; the reason says why."""


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
    """Its runs are in the queue or at work."""
    COMPLETED = "completed"
    PRUNED = "pruned"
    """Stopped because others were better at the same epoch."""
    STOPPED = "stopped"
    """Stopped by a person."""
    FAILED = "failed"

    @property
    def is_ended(self) -> bool:
        """Whether its verdict is there."""
        return self not in {TrialState.QUEUED, TrialState.RUNNING}


ORACLE, MANUAL = "oracle", "manual"
"""Who proposed a trial."""


AWAY_S = 60.0
"""A dozen heartbeats: after so much silence nobody is at work."""


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
    """The run it was made from, if it was."""
    created_at: datetime
    started_at: datetime
    """When it was last set going, later by the hours since then when nobody was at work on it."""
    finished_at: datetime | None
    seconds_before: float
    """Time that it ran before ``started_at``, pauses left out."""
    num_trials: int
    num_done: int
    """Of them, how many have ended, whatever their end."""
    best_number: int | None
    best_score: float | None
    heartbeat_at: datetime | None
    pid: int | None
    generation: int
    """Of its controller: counts up with each start, and tells an old one from its successor."""
    failures: int
    """Trials that failed in a row."""
    restarts: int
    """Starts of controllers since a trial last began or ended."""

    def seconds_spent(self, now: datetime) -> float:
        """Time that it has run; pauses are left out, and hours without a controller."""
        if self.state is not SearchState.RUNNING:
            return self.seconds_before
        running = (now - self.started_at).total_seconds()
        return self.seconds_before + running - self.seconds_away(now)

    def seconds_away(self, now: datetime) -> float:
        """How long it has had no controller's heartbeat, beyond ``AWAY_S``: a closed laptop's."""
        seen = max(self.started_at, self.heartbeat_at or self.started_at)
        return max(0.0, (now - seen).total_seconds() - AWAY_S)


@dataclass(frozen=True)
class Trial:
    """One combination of values and what came of it."""

    search_id: str
    number: int
    """From 1."""
    key: str
    """The oracle's name for it; unique in its search."""
    state: TrialState
    values: dict[str, Any]
    """By the parameters' names; parameters whose condition is not met are absent."""
    score: float | None
    """Mean of the objective over its runs; of a pruned or stopped one as far as it came."""
    best_epoch: int | None
    """The epoch that scored best, of its first run."""
    epochs: int
    """Epochs that were asked for, counted from the first one."""
    initial_epoch: int
    """Epochs that it took over from the trial that it continues; 0 for most."""
    continues: int | None
    """Number of the trial whose checkpoints its runs go on from."""
    origin: str
    """``oracle`` or ``manual``."""
    verdict: TrialState | None
    """What it will be once its runs have stopped, when somebody asked them to."""
    reason: str
    run_ids: tuple[str, ...]
    """One a seed; fewer when runs were deleted."""
    num_runs: int
    """How many it began with."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    told_order: int | None
    """Its place, from 1, among the ended ones in the order in which they ended."""

    @property
    def came_to_nothing(self) -> bool:
        """Whether it was enqueued by hand and ended before it began: its values are untried."""
        return self.origin == MANUAL and self.state.is_ended and self.started_at is None
