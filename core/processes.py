"""Processes that are not confused with later ones of the same id, and locks that show life."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

CLOCK_TOLERANCE_S = 5.0
"""Start times of one process, read twice, differ by less: the system derives them from the
time of day, which is corrected now and then. Its id is not used again so soon."""


@dataclass(frozen=True)
class ProcessIdentity:
    """A process id with its start time in seconds since 1970: ids are used again."""

    pid: int
    created_at: float

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """The identity of a living process. Raises psutil.NoSuchProcess when it is gone."""
        return cls(pid, psutil.Process(pid).create_time())

    @classmethod
    def of_this_process(cls) -> ProcessIdentity:
        """Who am I."""
        return cls.of(os.getpid())

    def is_alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created_at) < CLOCK_TOLERANCE_S
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def terminate(self) -> None:
        """Ask it to end (SIGTERM); nothing happens when it is gone."""
        if not self.is_alive():
            return
        try:
            os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            return  # it ended by itself just now

    def kill_group(self) -> None:
        """End it and its descendants at once; it leads a process group of its own."""
        if not self.is_alive():
            return
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # it ended by itself just now


def exclusive_lock(path: Path) -> FileLock:
    """A lock that the system gives back when its process ends, however it ends."""
    return FileLock(path, fallback_to_soft=False)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock. Takes it for an instant: holders-to-be must retry."""
    if not path.exists():
        return False
    try:
        with exclusive_lock(path).acquire(timeout=0):
            return False
    except Timeout:
        return True
