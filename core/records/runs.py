"""Records of runs, their events, metrics and artifacts, and the states of a run. No SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.records.phases import Phase


class RunState(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    LOST = "lost"

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs: its state may change without a request."""
        return self in ACTIVE_STATES


ACTIVE_STATES = frozenset({RunState.QUEUED, RunState.RUNNING, RunState.STOPPING})
RESUMABLE_STATES = frozenset({RunState.STOPPED, RunState.FAILED, RunState.LOST})

TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.STOPPED}),
    RunState.RUNNING: frozenset(
        {RunState.FINISHED, RunState.FAILED, RunState.STOPPING, RunState.LOST}
    ),
    RunState.STOPPING: frozenset(
        {RunState.STOPPED, RunState.FINISHED, RunState.FAILED, RunState.LOST}
    ),
    RunState.LOST: frozenset({RunState.QUEUED}),
    RunState.STOPPED: frozenset({RunState.QUEUED}),
    RunState.FAILED: frozenset({RunState.QUEUED}),
    RunState.FINISHED: frozenset(),
}
"""Every change of state that is allowed. A finished run never changes again."""


@dataclass(frozen=True)
class Progress:
    """Where a running trainer is, as of ``at``."""

    phase: Phase
    epoch: int = 0
    """The current epoch, from 1; 0 before the first."""
    batch: int = 0
    num_batches: int = 0
    fraction: float | None = None
    """Of the phase, 0 to 1, where it is known (data preparation)."""
    seconds_per_epoch: float | None = None
    metrics: dict[str, float] | None = None
    """Running means of the current epoch, for instance ``loss`` and ``accuracy``."""
    at: datetime | None = None

    @property
    def batches(self) -> tuple[int, int] | None:
        """Batches done and in all, while the phase goes through them; None in other phases.

        ``batch`` and ``num_batches`` themselves stay as the epoch's last report left them.
        """
        known = self.phase.is_training and self.num_batches > 0
        return (self.batch, self.num_batches) if known else None


@dataclass(frozen=True)
class Failure:
    """Why a run failed or was lost, for programs and for people."""

    code: str
    """Stable word: ``out_of_memory``, ``nan_loss``, ``disk_full``, ``data_missing``, ..."""
    message: str
    """One plain sentence."""
    traceback: str = ""
    epoch: int = 0
    """Last finished epoch."""


@dataclass(frozen=True)
class Best:
    """The best epoch so far by validation accuracy (ties: the earlier one)."""

    epoch: int
    val_accuracy: float
    val_loss: float


@dataclass(frozen=True)
class Run:
    """One training of one experiment with one seed. All times are aware UTC."""

    id: str
    name: str
    state: RunState
    attempt: int
    preset: str | None
    dataset: str
    seed: int
    digest: str
    config: dict[str, Any]
    """The Experiment as plain JSON types; ``core.spec.parse`` reads it."""
    group_id: str
    """Runs that were submitted together (one per seed) share it."""
    queue_position: float
    """Order in the queue; the smallest starts first."""
    epochs: int
    """Requested epochs."""
    epochs_done: int
    best: Best | None
    progress: Progress | None
    failure: Failure | None
    engine: str | None
    """The engine that was used, once known."""
    device: str | None
    """The run's slot now, or its last one: ``cpu`` or ``gpu:0``."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    """When the last attempt ended."""
    heartbeat_at: datetime | None
    stop_requested: bool
    auto_resumes: int
    pid: int | None
    archived: bool
    tags: tuple[str, ...]
    notes: str
    stop_requested_at: datetime | None = None
    search_id: str | None = None
    """The search that it belongs to, as a run of a trial or by promotion."""
    trial_number: int | None = None
    continues_run: str | None = None
    """The run that it continues from its checkpoints (Hyperband's later rounds)."""
    promoted: bool = False
    """It retrains a trial of the search, and is no run of a trial itself."""

    @property
    def is_trial(self) -> bool:
        """Whether it is a run of a search's trial."""
        return self.search_id is not None and not self.promoted


class EventKind(StrEnum):
    """What an event says, for programs. Its sentence is for people and may change."""

    SUBMITTED = "submitted"
    STARTED = "started"
    STOP_REQUESTED = "stop_requested"
    """The trainer stops after its batch."""
    STOPPED = "stopped"
    """Also a run that was stopped in the queue."""
    FINISHED = "finished"
    FAILED = "failed"
    LOST = "lost"
    RESUMED = "resumed"
    """Queued again because a person requested it."""
    AUTO_RESUMED = "auto_resumed"
    """Queued again by the supervisor, because its trainer was lost."""
    CONTINUED = "continued"
    """Training continues from another run's checkpoint."""
    CHECKPOINT_MISSING = "checkpoint_missing"
    """It could not continue from another run's checkpoint: training starts at the first epoch."""
    REBUILT = "rebuilt"
    """Its row was made from its folder, for a database that was lost."""
    TEST_REQUESTED = "test_requested"
    """An evaluation on the test images began."""
    TEST_EVALUATED = "test_evaluated"
    TEST_FAILED = "test_failed"
    NOTE = "note"
    """Anything else."""

    @classmethod
    def of_change(cls, before: RunState | None, after: RunState) -> EventKind:
        """The kind of a change of state for which the caller names no other."""
        if after is RunState.QUEUED:
            return cls.SUBMITTED if before is None else cls.RESUMED
        return _KINDS[after]


_KINDS = {
    RunState.RUNNING: EventKind.STARTED,
    RunState.STOPPING: EventKind.STOP_REQUESTED,
    RunState.STOPPED: EventKind.STOPPED,
    RunState.FINISHED: EventKind.FINISHED,
    RunState.FAILED: EventKind.FAILED,
    RunState.LOST: EventKind.LOST,
}


@dataclass(frozen=True)
class RunEvent:
    """One change of a run's state, or another fact worth recording, in order."""

    run_id: str
    at: datetime
    attempt: int
    before: RunState | None
    after: RunState
    kind: EventKind
    reason: str
    """One sentence for people."""


@dataclass(frozen=True)
class Metric:
    """One value of one epoch. Keyed by (run, epoch, split, name)."""

    run_id: str
    epoch: int
    """From 1."""
    split: str
    """``train``, ``validation`` or ``test``."""
    name: str
    """``loss``, ``accuracy``, ``learning_rate`` (split ``train``), ..."""
    value: float
    """May be NaN or infinite."""
    seconds: float
    """Training time since the run's first batch, summed over attempts."""
    images: int
    """Training images seen so far."""


@dataclass(frozen=True)
class Artifact:
    """A file of a run. ``path`` is relative to the run's folder."""

    run_id: str
    kind: str
    """``checkpoint``, ``best_model``, ``litert`` or ``test_scores``."""
    path: str
    epoch: int
    num_bytes: int
    sha256: str
    created_at: datetime


@dataclass(frozen=True)
class UnreadableRow:
    """A row that Convscope cannot have written: the database was edited or damaged."""

    table: str
    place: int
    """SQLite's number of the row."""
    reason: str
    """The wrong column and its value."""
    label: str
    """Its name or id as far as it can be read, safe to print."""
    entry_id: str | None = None
    """The id of a run or a search, where it can be read."""

    @property
    def sentence(self) -> str:
        """One line for a list of such rows."""
        return f"{self.table.replace('_', ' ')} {self.label}: {self.reason}"


class HoldReason(StrEnum):
    """Why work is held."""

    NEVER_OPENED = "never_opened"
    """This user has not opened the results folder before."""
    NOT_STORABLE = "not_storable"
    """The configuration folder cannot be written to, so an opened folder cannot be stored."""


@dataclass(frozen=True)
class HeldWork:
    """Work that does not start before this user releases its results folder."""

    num_runs: int
    """Queued runs, and running ones, whose trainers may be gone."""
    num_searches: int
    """Running searches, and others with trials that have not ended."""
    reason: HoldReason = HoldReason.NEVER_OPENED

    def __str__(self) -> str:
        """``3 runs and 1 search``."""
        parts = [(self.num_runs, "run", "runs"), (self.num_searches, "search", "searches")]
        return " and ".join(f"{num} {one if num == 1 else many}" for num, one, many in parts if num)
