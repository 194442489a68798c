"""The supervisor: one light, detached process a results folder that keeps the queue moving.

It is started by whoever needs it (`ensure_supervisor`), held single by a file lock, and
told apart by `supervisor.json`. It outlives the page and the command line that started it;
trainers outlive it, and its successor adopts them. One of an older code version is replaced.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import Timeout

from core.errors import StoreError, StoreGone, SupervisorUnavailable
from core.jobs import logs
from core.jobs.launch import start_module
from core.jobs.watch import Watch
from core.processes import ProcessIdentity, exclusive_lock
from core.settings import Settings
from core.store.database import warn_about_old_sqlite
from core.store.run_files import keep_missing_run_files
from core.store.sql import Store

POLL_S = 0.2
"""Between two looks. One costs a query of a tenth of a millisecond, so it never slows down."""
HEARTBEAT_S = 2.0
RETRY_S = 2.0
START_TIMEOUT_S = 20.0
END_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SupervisorStatus:
    """What is known of a results folder's supervisor."""

    is_running: bool
    pid: int | None = None
    """Of the last one; None where none was, or it was ended on purpose."""
    started_at: float | None = None
    """Seconds since 1970, as are all times here."""
    heartbeat_at: float | None = None
    code_version: str | None = None
    ended_because: str = ""
    """One sentence of a supervisor that ended by itself; empty for any other."""

    @property
    def was_killed(self) -> bool:
        """Whether one was at work and went without having been asked to."""
        return self.pid is not None and not self.is_running

    @property
    def is_current(self) -> bool:
        """Whether it runs the very code that asks."""
        return self.is_running and self.code_version == code_version()


def supervisor_status(settings: Settings) -> SupervisorStatus:
    """Look without touching anything: a file and a process table entry."""
    try:
        raw = json.loads(_status_file(settings).read_text(encoding="utf-8"))
        identity = ProcessIdentity(int(raw["pid"]), float(raw["created_at"]))
        return SupervisorStatus(
            is_running=identity.is_alive(),
            pid=identity.pid,
            started_at=float(raw["started_at"]),
            heartbeat_at=float(raw["heartbeat_at"]),
            code_version=str(raw["code_version"]),
            ended_because=str(raw.get("ended_because", "")),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return SupervisorStatus(is_running=False)


def ensure_supervisor(settings: Settings) -> SupervisorStatus:
    """Start a supervisor unless one of this code version runs; return once it is at work.

    Raises SupervisorUnavailable with its last words when it does not come up.
    """
    status = supervisor_status(settings)
    if status.is_current:
        return status
    if status.is_running:
        _log.info("replacing the supervisor %s, which runs older code", status.pid)
        stop_supervisor(settings)
    log_file = _log_file(settings)
    logs.bound(log_file)
    try:
        child = start_module(["core.jobs.supervisor"], log_file, settings.to_environment())
    except OSError as error:
        raise SupervisorUnavailable(f"The supervisor could not be started: {error}.") from error
    return _wait_until_running(settings, child)


def stop_supervisor(settings: Settings) -> None:
    """End the supervisor and wait for it; trainers go on. Nothing happens when none runs."""
    identity = _identity(settings)
    if identity is None:
        return
    identity.terminate()
    if not _wait(lambda: not identity.is_alive(), END_TIMEOUT_S):
        identity.kill_group()


def run_supervisor(settings: Settings) -> bool:
    """Be the supervisor until SIGTERM or SIGINT. False at once when another one is at work.

    Call it from the main thread. Raises StoreError when the database cannot be used.
    """
    warn_about_old_sqlite()
    with Store.open(settings) as store:
        lock = exclusive_lock(settings.results / "supervisor.lock")
        try:
            with lock.acquire(timeout=0.5), _end_on_signals() as ended:
                _log.info("at work as %d on %s", os.getpid(), settings.results)
                _supervise(settings, store, Path(lock.lock_file), ended)
                if ended.is_set():
                    # So a dead one's file means that it did not end on purpose.
                    _status_file(settings).unlink(missing_ok=True)
        except Timeout:
            _log.info("another supervisor is at work on %s", settings.results)
            return False
    return True


def code_version() -> str:
    """A fingerprint of the code that a supervisor runs: `core/*.py`, `core/jobs`, `core/store`."""
    core = Path(__file__).resolve().parent.parent
    files = [*core.glob("*.py"), *(core / "jobs").glob("*.py"), *(core / "store").rglob("*.py")]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _supervise(settings: Settings, store: Store, lock: Path, ended: threading.Event) -> None:
    # A lab of thousands of runs must not wait for their files.
    files = threading.Thread(target=keep_missing_run_files, args=(store, settings), daemon=True)
    files.start()
    watch, version, started_at = Watch(settings, store), code_version(), time.time()
    inode, beat_at = lock.stat().st_ino, 0.0
    while not ended.is_set():
        if not lock.exists() or lock.stat().st_ino != inode:
            _log.warning("the results folder is gone, and so is the work")
            return
        try:
            if time.monotonic() >= beat_at:
                _write_status(settings, started_at, version)
                beat_at = time.monotonic() + HEARTBEAT_S
            watch.tick()
        except StoreGone as error:
            # A results folder that is being deleted may lose its database first.
            ended.wait(POLL_S)
            if not lock.exists():
                continue
            _write_status(settings, started_at, version, ended_because=str(error))
            raise
        except (StoreError, OSError) as error:
            # A full disk or a locked database passes; the trainers go on meanwhile.
            _log.error("%s Trying again in %.0f s.", error, RETRY_S)
            ended.wait(RETRY_S)
        ended.wait(POLL_S)


@contextmanager
def _end_on_signals() -> Iterator[threading.Event]:
    ended = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: ended.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write_status(
    settings: Settings, started_at: float, version: str, ended_because: str = ""
) -> None:
    identity = asdict(ProcessIdentity.of_this_process())
    times = {"started_at": started_at, "heartbeat_at": time.time()}
    words = {"code_version": version, "ended_because": ended_because}
    fresh = _status_file(settings).with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(identity | times | words), encoding="utf-8")
    fresh.replace(_status_file(settings))
    logs.bound(_log_file(settings))


def _wait_until_running(settings: Settings, child: subprocess.Popen[bytes]) -> SupervisorStatus:
    # Ours may find that another was quicker: then that one is as good.
    done = _wait(
        lambda: supervisor_status(settings).is_running or child.poll() not in {None, 0},
        START_TIMEOUT_S,
    )
    status = supervisor_status(settings)
    if done and status.is_running:
        return status
    words = logs.tail(_log_file(settings), 5)
    raise SupervisorUnavailable(f"The supervisor did not start. Its last words: {words}")


def _wait(condition: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _identity(settings: Settings) -> ProcessIdentity | None:
    try:
        raw = json.loads(_status_file(settings).read_text(encoding="utf-8"))
        return ProcessIdentity(int(raw["pid"]), float(raw["created_at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _status_file(settings: Settings) -> Path:
    return settings.results / "supervisor.json"


def _log_file(settings: Settings) -> Path:
    return settings.results / "supervisor.log"


def main() -> int:
    """`python -m core.jobs.supervisor`: the detached supervisor."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    try:
        run_supervisor(Settings.from_environment())
    except StoreError as error:
        _log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
