"""Identities of processes (id and start), and locks that are released when their process ends."""

from __future__ import annotations

import errno
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

CLOCK_TOLERANCE_S = 5.0
"""Start times of one process, read twice as times of day, differ by less: the clock is
corrected now and then. A process id is not used again so soon."""
_TICK_S = 0.01
_BOOT_S = 1e9
"""Longer than a machine runs. Times since 1970 are below ten times this number."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class ProcessIdentity:
    """A process id with its start time: the system uses ids again."""

    pid: int
    created_at: float
    """Linux: seconds from the machine's start to the process's, plus a number of ten digits or
    more for that start of the machine. No correction of the clock changes it. Elsewhere, and in
    what older code stored: seconds since 1970."""

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """The identity of a living process. Raises psutil.NoSuchProcess when it is gone."""
        return cls(pid, _created_at(pid))

    @classmethod
    def of_this_process(cls) -> ProcessIdentity:
        """The identity of this process."""
        return cls.of(os.getpid())

    def is_alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        try:
            process = psutil.Process(self.pid)
            if self.created_at < 10 * _BOOT_S:
                same = abs(process.create_time() - self.created_at) < CLOCK_TOLERANCE_S
            else:
                same = abs(_created_at(self.pid) - self.created_at) < _TICK_S
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

    def kill(self) -> None:
        """End it at once and leave its descendants alone; nothing happens when it is gone.

        A stopped process ends too. One that waits for a disk ends when the disk answers.
        Raises PermissionError for the process of another user.
        """
        if not self.is_alive():
            return
        try:
            os.kill(self.pid, signal.SIGKILL)
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


def _created_at(pid: int) -> float:
    if sys.platform != "linux":
        return psutil.Process(pid).create_time()
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError) as error:
        raise psutil.NoSuchProcess(pid) from error
    # Field 22 of the line; the name before the bracket may hold spaces.
    return _boot_number() * _BOOT_S + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _boot_number() -> int:
    """A number from 10 to 4105 for this start of the machine: times since a start repeat."""
    try:
        return 10 + int(_BOOT_ID.read_text(encoding="ascii")[:3], base=16)
    except OSError:
        return 10  # some sandboxes hide it; the time since the machine's start has to do


def exclusive_lock(path: Path) -> FileLock:
    """A lock that the system gives back when its process ends, however it ends.

    Raises OSError where a link or a special file has its name: opening it would empty another file.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError(errno.EINVAL, "Expected a regular file, or none, for a lock", str(path))
    return FileLock(path, fallback_to_soft=False)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock. It acquires it briefly: others must retry."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with exclusive_lock(path).acquire(timeout=0):
            return False
    except Timeout:
        return True
