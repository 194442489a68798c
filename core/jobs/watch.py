"""The supervisor's work: handle trainers that ended, fill free slots, watch searches.

Its state is in the store and in locks, so that a successor can continue. What it keeps in memory
makes it faster (exit codes of its own children) or more careful (seconds without a heartbeat).
"""

from __future__ import annotations

import logging
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from core.errors import StaleAttempt
from core.jobs import logs
from core.jobs.devices import Slots, gpus
from core.jobs.exits import SENTENCES, TrainerExit
from core.jobs.launch import LOG_NAME, start_trainer, trainer_lock
from core.jobs.places import Place
from core.jobs.search.watch import SearchWatch
from core.jobs.silence import PROBE_AFTER_S, Silence
from core.jobs.warm.starts import WarmStarts, WarmTrainer
from core.processes import ProcessIdentity, is_held
from core.records.runs import Failure, HeldWork, HoldReason, Run, RunState
from core.settings import Settings, is_id
from core.store.opened_labs import Hold
from core.store.probe import WriteProbe
from core.store.store import Store
from core.text import quote
from core.training.failures import failure_of

LEASE_S = 60.0
"""A trainer without a heartbeat for this long is killed."""
STOP_GRACE_S = 30.0
"""The time that a trainer has to save its checkpoint after a stop request."""
CLAIM_GRACE_S = 5.0
"""A claimed run may have no process for this long: its supervisor is starting one."""
CHECK_INTERVAL_S = 1.0
MAX_AUTO_RESUMES = 3
_SIGNALS = {each.value: each.name for each in signal.Signals}

_HELD = {
    HoldReason.NEVER_OPENED: "held until released: %s, see convscope release",
    HoldReason.NOT_STORABLE: "held until CONVSCOPE_CONFIG can be written to: %s",
}

_log = logging.getLogger(__name__)


@dataclass
class Watch:
    """Watches the runs of one results folder for its supervisor. `poll` never blocks for long."""

    settings: Settings
    store: Store
    lease_s: float = LEASE_S
    stop_grace_s: float = STOP_GRACE_S
    kernel_counters: Path = Path("/proc/vmstat")
    """Where the kernel counts the processes that it killed when memory ran out (Linux)."""
    _children: dict[str, subprocess.Popen[bytes] | WarmTrainer] = field(default_factory=dict)
    _silent_s: dict[tuple[str, int], float] = field(default_factory=dict)
    _gpus: tuple[str, ...] = field(default_factory=lambda: tuple(gpu.slot for gpu in gpus()))
    _revision: int | None = None
    _check_at: float = 0.0
    _oom_kills: int = 0

    def __post_init__(self) -> None:
        self._oom_kills = _oom_kills(self.kernel_counters)
        self._place = Place.of(self.settings.results)
        probe = WriteProbe(self.store.database)
        self._silence = Silence[tuple[str, int]](probe.takes_writes)
        self.searches = SearchWatch(self.settings, self.store, probe=probe)
        self.warm = WarmStarts(self.settings)
        self._hold = Hold(self.settings, self.store.database)

    _has_active: bool = False
    _held: HeldWork | None = None
    _unreadable: frozenset[str] = frozenset()

    def poll(self) -> None:
        """Check every active run and free slot; one query while nothing has changed."""
        ended = self._poll_warm()
        ended = ended or any(child.poll() is not None for child in self._children.values())
        ended = ended or self.searches.has_ended()
        revision, now = self.store.revision(), time.monotonic()
        is_due = now >= self._check_at and self._has_active
        if revision == self._revision and not is_due and not ended:
            return
        if self._update_hold():
            # Checked again soon: a release need not change the store.
            self._has_active, self._revision = True, revision
            self._check_at = now + CHECK_INTERVAL_S
            return
        active = self.store.runs.list(states=(RunState.RUNNING, RunState.STOPPING))
        self._silent_s = self._silence.update(
            {(run.id, run.attempt): run.heartbeat_at for run in active},
            probe_after_s=min(PROBE_AFTER_S, self.lease_s / 2),
        )
        for run in active:
            self._check(run)
        self._keep_children_of(active)
        self._fill_slots()
        self._has_active = self.searches.poll() or bool(active)
        # Only on a CPU: a GPU's driver is not known to survive a fork.
        self.warm.keep([] if self._gpus else self.searches.active)
        # Noted last: the next poll repeats what an error interrupted.
        self._revision, self._check_at = revision, now + CHECK_INTERVAL_S

    @property
    def is_held(self) -> bool:
        """Whether work waited for its release at the last poll; True before the first one."""
        return self._revision is None or self._held is not None

    def _update_hold(self) -> bool:
        """Whether the folder's work is held: then nothing is started, resumed or ended."""
        before, self._held = self._held, self._hold.work()
        if self._held is not None and self._held != before:
            _log.warning(_HELD[self._held.reason], self._held)
        return self._held is not None

    def _poll_warm(self) -> bool:
        """Attach the trainers that the warm process started; True when that process has ended."""
        news = self.warm.poll()
        for trainer, pid in news.started:
            self._attach(trainer.run, pid)
        for trainer in news.left:
            if self._children.get(trainer.run.id) is trainer:
                del self._children[trainer.run.id]
            if trainer.pid is None:
                self._launch_cold(trainer.run, trainer.slot, trainer.cpu_slots)
        return bool(news.left)

    def _check(self, run: Run) -> None:
        if not self._is_alive(run):
            self._handle_exit(run)
        elif self._silent_s[run.id, run.attempt] > self.lease_s:
            process = self._process_of(run)
            sentence = f"The trainer sent no heartbeat for {self.lease_s:.0f} s and was killed."
            # Stored first: while the database takes no writes, no trainer can send a heartbeat.
            self._lose(run, Failure("silent", sentence))
            _kill(process)
        elif run.stop_requested_at and _age_s(run.stop_requested_at) > self.stop_grace_s:
            _kill(self._process_of(run))
            reason = f"killed {self.stop_grace_s:.0f} s after the stop request"
            self._transition(run, RunState.STOPPED, reason)
        logs.bound(self.settings.run_folder(run.id) / LOG_NAME)

    def _is_alive(self, run: Run) -> bool:
        child = self._children.get(run.id)
        if child is not None and child.poll() is None:
            return True
        # Last, because it is the slowest: a process holds its lock exactly until it ends.
        identity = self._process_of(run)
        if identity is not None and identity.is_alive():
            return True
        if identity is None and child is None and _age_s(run.started_at) < CLAIM_GRACE_S:
            return True
        return is_held(trainer_lock(self.settings, run.id))

    def _exit_code(self, run: Run) -> int | None:
        child = self._children.get(run.id)
        return None if child is None else child.poll()

    def _handle_exit(self, run: Run) -> None:
        """Handle a trainer that stored no end. One that ran out of memory is not resumed."""
        exit_code = self._exit_code(run)
        by_kernel = exit_code in {None, -signal.SIGKILL}
        if by_kernel and _oom_kills(self.kernel_counters) > self._oom_kills:
            sentence = (
                "Memory ran out, and the system ended the trainer. A smaller batch size, fewer "
                "filters or fewer parallel runs need less."
            )
            failure = Failure("out_of_memory", sentence, epoch=run.epochs_done)
            after = RunState.FAILED if run.state is RunState.RUNNING else RunState.STOPPED
            self._transition(run, after, sentence, failure)
            return
        self._lose(run, _failure_of_exit(exit_code))

    def _lose(self, run: Run, failure: Failure) -> None:
        if run.state is RunState.STOPPING:
            self._transition(run, RunState.STOPPED, "the trainer ended after the stop request")
            return
        sentence = failure.message
        if run.auto_resumes >= MAX_AUTO_RESUMES:
            sentence += f" It was resumed automatically {MAX_AUTO_RESUMES} times already."
        shown = Failure(failure.code, sentence, epoch=run.epochs_done)
        _log.warning("run %s, attempt %d: lost (%s)", run.id, run.attempt, sentence)
        self.store.runs.lose(
            run.id, run.state, attempt=run.attempt, failure=shown, max_resumes=MAX_AUTO_RESUMES
        )

    def _transition(
        self, run: Run, after: RunState, reason: str, failure: Failure | None = None
    ) -> bool:
        moved = self.store.runs.transition(
            run.id, run.state, after, attempt=run.attempt, reason=reason, failure=failure
        )
        if moved:
            _log.warning("run %s, attempt %d: %s (%s)", run.id, run.attempt, after, reason)
        return moved

    def _process_of(self, run: Run) -> ProcessIdentity | None:
        identity = self.store.trainers.process_of(run.id)
        return None if identity is None else ProcessIdentity(*identity)

    def _keep_children_of(self, active: list[Run]) -> None:
        # One that ended since it was checked stays: the next poll needs its exit code.
        ids = {run.id for run in active}
        self._children = {k: v for k, v in self._children.items() if k in ids or v.poll() is None}

    def _fill_slots(self) -> None:
        slots = Slots(self._gpus, self.store.settings.cpu_slots())
        free = Counter(slots.names) - Counter(self._occupied())
        for slot in free.elements():
            run = self.store.runs.claim_next(slot)
            if run is None:
                return
            self._launch(run, slot, slots.cpu_slots)

    def _occupied(self) -> list[str]:
        """The slot of each active run. Also of a row that cannot be read, while a trainer holds its
        lock."""
        active = self.store.runs.list(states=(RunState.RUNNING, RunState.STOPPING))
        occupied = self.store.trainers.occupied_slots()
        readable = {run.id for run in active}
        occupied = [each for each in occupied if each[0] in readable or self._has_trainer(each[0])]
        unreadable = frozenset(quote(each) for each, _ in occupied if each not in readable)
        for each in sorted(unreadable - self._unreadable):
            _log.warning(
                "the row of the active run %s cannot be read; it keeps its slot. See "
                "convscope runs --delete-unreadable",
                each,
            )
        self._unreadable = unreadable
        return [slot for _, slot in occupied if isinstance(slot, str)]

    def _has_trainer(self, run_id: object) -> bool:
        return is_id(run_id) and is_held(trainer_lock(self.settings, str(run_id)))

    def _launch(self, run: Run, slot: str, cpu_slots: int) -> None:
        try:
            asked = self.warm.take(run, slot, cpu_slots)
        except OSError as error:
            self._fail_start(run, error)
            return
        if asked is None:
            self._launch_cold(run, slot, cpu_slots)
        else:
            self._children[run.id] = asked

    def _launch_cold(self, run: Run, slot: str, cpu_slots: int) -> None:
        try:
            child = start_trainer(self.settings, run, slot, cpu_slots)
        except OSError as error:
            self._fail_start(run, error)
            return
        self._children[run.id] = child
        self._attach(run, child.pid)

    def _fail_start(self, run: Run, error: OSError) -> None:
        if not self._place.is_kept():
            raise error  # the supervisor ends, and its successor finds the run where it is now
        known = failure_of(error)
        code = known.code if known else "not_started"
        sentence = str(known) if known else f"The trainer could not be started: {error}."
        failure = Failure(code, sentence, epoch=run.epochs_done)
        self._transition(run, RunState.FAILED, sentence, failure)

    def _attach(self, run: Run, pid: int) -> None:
        _log.info("run %s, attempt %d: started on %s as %d", run.id, run.attempt, run.device, pid)
        try:
            created_at = ProcessIdentity.of(pid).created_at
            self.store.trainers.attach(run.id, run.attempt, pid=pid, pid_created_at=created_at)
        except (StaleAttempt, psutil.NoSuchProcess):
            _log.info("run %s ended before its process was noted", run.id)


def _oom_kills(counters: Path) -> int:
    """Processes that the kernel killed when memory ran out; 0 where it does not count them."""
    try:
        lines = counters.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _kill(process: ProcessIdentity | None) -> None:
    if process is not None:
        process.kill_group()


def _failure_of_exit(exit_code: int | None) -> Failure:
    if exit_code is None:
        return Failure("vanished", "The trainer's process disappeared. See the end of its log.")
    if exit_code == -signal.SIGKILL:
        return Failure(
            "killed",
            "Another program killed the trainer (signal 9). The system does that when memory runs "
            "out: a smaller batch size or model needs less.",
        )
    if exit_code < 0:
        name = _SIGNALS.get(-exit_code, f"signal {-exit_code}")
        return Failure("crashed", f"The trainer crashed ({name}). See the end of its log.")
    code = "disk_full" if exit_code == TrainerExit.DISK_FULL else "no_verdict"
    other = f"The trainer ended with code {exit_code} and stored no reason. See the end of its log."
    return Failure(code, SENTENCES.get(exit_code, other))


def _age_s(moment: datetime | None) -> float:
    return (datetime.now(UTC) - moment) / timedelta(seconds=1) if moment else float("inf")
