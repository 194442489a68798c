"""The supervisor's status file: which process it is, and when it sent its last heartbeat.

The file's time of modification is the heartbeat. To touch a file needs no space, so a full disk
does not look like a supervisor that hangs.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from core.files import open_regular
from core.jobs import logs
from core.jobs.places import Place
from core.processes import ProcessIdentity
from core.settings import Settings

HEARTBEAT_S = 2.0
LEASE_S = 30.0
"""A supervisor without a heartbeat for this long does not respond."""
STUCK_S = 90.0
"""The heartbeat ends when the supervisor's loop has been stuck for this long. One turn of the loop
waits at most 30 s for a locked database."""

_MOST_BYTES = 2**16

_log = logging.getLogger(__name__)


SUPERVISOR_ROOMS = ("jobs", "records", "store", "training")
"""Folders of `core` whose code a supervisor runs: an edit there replaces it."""


class SupervisorState(StrEnum):
    """What other processes know of a supervisor."""

    NONE = "none"
    """None was started, or the last one was ended on purpose."""
    RUNNING = "running"
    HUNG = "hung"
    """Its process exists and sends no heartbeat: it is stopped, or waits for a disk."""
    GONE = "gone"
    """Its process ended although nobody requested that."""


@dataclass(frozen=True)
class SupervisorStatus:
    """The status of a results folder's supervisor."""

    state: SupervisorState
    process: ProcessIdentity | None = None
    """Of the last one; None where there was none, or it was ended on purpose."""
    started_at: float | None = None
    """Seconds since 1970, as are all times here."""
    heartbeat_at: float | None = None
    code_version: str | None = None
    ended_because: str = ""
    """Why the supervisor ended without a request, in one sentence; else empty."""

    @property
    def pid(self) -> int | None:
        """The process id of the last one."""
        return self.process.pid if self.process else None

    @property
    def is_running(self) -> bool:
        """Whether one works."""
        return self.state is SupervisorState.RUNNING

    @property
    def is_hung(self) -> bool:
        """Whether its process exists and sends no heartbeat."""
        return self.state is SupervisorState.HUNG

    @property
    def needs_successor(self) -> bool:
        """Whether one hangs or has ended although nobody requested that."""
        return self.state in {SupervisorState.HUNG, SupervisorState.GONE}

    @property
    def is_current(self) -> bool:
        """Whether it runs this process' own version of the code."""
        return self.is_running and self.code_version == code_version()


def supervisor_status(settings: Settings) -> SupervisorStatus:
    """Read the status file and check the process. Changes nothing.

    After a correction of the clock, or while a laptop slept, it is ``HUNG`` until the next
    heartbeat: check with `sends_heartbeat`.
    """
    file = status_file(settings)
    try:
        with open(file, "rb", opener=open_regular) as opened:
            raw = json.loads(opened.read(_MOST_BYTES))
        process = ProcessIdentity(int(raw["pid"]), float(raw["created_at"]))
        heartbeat_at = file.stat().st_mtime
        return SupervisorStatus(
            state=_state(process, heartbeat_at),
            process=process,
            started_at=float(raw["started_at"]),
            heartbeat_at=heartbeat_at,
            code_version=str(raw["code_version"]),
            ended_because=str(raw.get("ended_because", "")),
        )
    # Nothing but brackets ends in a RecursionError.
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return SupervisorStatus(SupervisorState.NONE)


def sends_heartbeat(settings: Settings, within_s: float) -> bool:
    """Whether there is a heartbeat within the next ``within_s`` seconds. Blocks until then."""
    before, deadline = supervisor_status(settings), time.monotonic() + within_s
    while time.monotonic() < deadline:
        now = supervisor_status(settings)
        if (now.process, now.heartbeat_at) != (before.process, before.heartbeat_at):
            return True
        time.sleep(0.05)
    return False


def status_file(settings: Settings) -> Path:
    """The status file of the supervisor."""
    return settings.results / "supervisor.json"


def log_file(settings: Settings) -> Path:
    """The log of supervisors and of warm processes."""
    return settings.results / "supervisor.log"


def code_version() -> str:
    """A fingerprint of the code that a supervisor runs: `core/*.py` and ``SUPERVISOR_ROOMS``."""
    core = Path(__file__).resolve().parent.parent
    rooms = (path for room in SUPERVISOR_ROOMS for path in (core / room).rglob("*.py"))
    digest = hashlib.sha256()
    for path in sorted([*core.glob("*.py"), *rooms]):
        digest.update(str(path.relative_to(core)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


class Heartbeat:
    """Sends heartbeats from a thread while the supervisor's loop turns. Use it as a context.

    A thread, because the loop may have to wait for a locked database.
    """

    def __init__(self, settings: Settings, lock: Place, version: str) -> None:
        self._settings, self._lock = settings, lock
        self._about = asdict(ProcessIdentity.of_this_process())
        self._about |= {"started_at": time.time(), "code_version": version}
        self._turned_at = time.monotonic()
        self._is_announced = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat_regularly, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def turn(self) -> None:
        """Record that the supervisor's loop turned."""
        self._turned_at = time.monotonic()

    def explain(self, sentence: str) -> None:
        """Store why this supervisor ends without a request, and send no more heartbeats.

        Raises OSError when that is impossible.
        """
        self._ended.set()
        self._thread.join()
        self._about["ended_because"] = sentence
        if self._lock.is_kept():
            self._announce()

    def withdraw(self) -> None:
        """Remove the status file after the last beat: this supervisor was ended on purpose."""
        if self._lock.is_kept():
            status_file(self._settings).unlink(missing_ok=True)

    def _beat_regularly(self) -> None:
        while True:
            if time.monotonic() - self._turned_at < STUCK_S:
                self._beat()
            if self._ended.wait(HEARTBEAT_S):
                return

    def _beat(self) -> None:
        # One that was replaced must not overwrite what its successor wrote.
        if not self._lock.is_kept():
            return
        try:
            if self._is_announced:
                self._touch()
            else:
                self._announce()
            logs.bound(log_file(self._settings))
        except OSError as error:
            self._is_announced = False
            _log.error("The supervisor's status cannot be written: %s", error)

    def _announce(self) -> None:
        file = status_file(self._settings)
        fresh = file.with_suffix(f".{os.getpid()}")
        fresh.unlink(missing_ok=True)
        # Never through a link. Not `write_file`: that would make a moved folder again.
        with fresh.open("x", encoding="utf-8") as opened:
            json.dump(self._about, opened)
        fresh.replace(file)
        self._is_announced = True

    def _touch(self) -> None:
        # By this machine's clock: a network drive's may differ.
        now = time.time_ns()
        os.utime(status_file(self._settings), ns=(now, now))


def _state(process: ProcessIdentity, heartbeat_at: float) -> SupervisorState:
    if not process.is_alive():
        return SupervisorState.GONE
    # In the future counts, too: then the clock was set back.
    is_late = abs(time.time() - heartbeat_at) > LEASE_S
    return SupervisorState.HUNG if is_late else SupervisorState.RUNNING
