"""The supervisor: one light process per results folder that starts and watches trainers.

`ensure_supervisor` starts it, a file lock makes sure that there is one, and `supervisor.json`
identifies it. It keeps running when the page or the command line that started it ends. Trainers
keep running when it ends, and its successor watches them. One with older code is replaced.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from core.errors import StoreError, StoreGone, SupervisorUnavailable
from core.jobs import logs
from core.jobs.launch import start_module
from core.jobs.places import Place
from core.jobs.supervisor_status import (
    Heartbeat,
    SupervisorState,
    SupervisorStatus,
    code_version,
    log_file,
    sends_heartbeat,
    status_file,
    supervisor_status,
)
from core.jobs.watch import Watch
from core.processes import ProcessIdentity, exclusive_lock
from core.settings import Settings
from core.store.database import warn_about_old_sqlite
from core.store.opened_labs import check_place
from core.store.run_files import keep_missing_run_files
from core.store.store import Store

__all__ = [
    "SupervisorState",
    "SupervisorStatus",
    "code_version",
    "end_hung_supervisor",
    "ensure_supervisor",
    "run_supervisor",
    "stop_supervisor",
    "supervisor_status",
]

POLL_S = 0.2
"""Between two polls. One costs a query of a tenth of a millisecond."""
RETRY_S = 2.0
START_TIMEOUT_S = 20.0
END_TIMEOUT_S = 10.0
CONFIRM_S = 5.0
"""More than two heartbeats: a supervisor that seems to hang has this long to send one."""
REPLACE_TIMEOUT_S = 30.0
"""Another process may be replacing the supervisor: confirming, then waiting for its end."""

_log = logging.getLogger(__name__)


def ensure_supervisor(settings: Settings) -> SupervisorStatus:
    """Start a supervisor unless one of this code version runs; return once it works.

    One that does not respond is ended first, which takes some seconds. Raises
    SupervisorUnavailable with the end of its log when none comes up, and FolderRefused for a folder
    that this user has not opened before and that holds links.
    """
    check_place(settings)
    status = supervisor_status(settings)
    if status.is_current:
        return status
    try:
        # One at a time: the process of a second one could outlive a stop of the first.
        with exclusive_lock(settings.results / "supervisor.start.lock").acquire(
            timeout=REPLACE_TIMEOUT_S + START_TIMEOUT_S
        ):
            return _ensure_alone(settings)
    except Timeout as error:
        raise SupervisorUnavailable(
            "Another process has been starting the job runner for too long. End it and retry."
        ) from error
    except OSError as error:
        raise SupervisorUnavailable(f"The job runner could not be started: {error}.") from error


def _ensure_alone(settings: Settings) -> SupervisorStatus:
    end_hung_supervisor(settings)
    status = supervisor_status(settings)
    if status.is_current:
        return status
    if status.is_running:
        _log.info("replacing the supervisor %s, which runs older code", status.pid)
        stop_supervisor(settings)
    log = log_file(settings)
    logs.bound(log)
    child = start_module(["core.jobs.supervisor"], log, settings.to_environment())
    return _wait_until_running(settings, child)


def stop_supervisor(settings: Settings) -> None:
    """End the supervisor and wait for it; trainers continue. Does nothing when none runs."""
    process = supervisor_status(settings).process
    if process is None:
        return
    process.terminate()
    if not _wait(lambda: not process.is_alive(), END_TIMEOUT_S):
        _fence(settings, process)
    if supervisor_status(settings).process == process:
        # Without the file it counts as ended on purpose: no other one is started.
        status_file(settings).unlink(missing_ok=True)


def end_hung_supervisor(settings: Settings) -> bool:
    """End a supervisor that does not respond, so that another one can start; True when done.

    Its trainers continue, and its successor watches them. Raises FolderRefused as
    `ensure_supervisor` does.
    """
    check_place(settings)
    if supervisor_status(settings).state is not SupervisorState.HUNG:
        return False
    try:
        with exclusive_lock(settings.results / "supervisor.replace.lock").acquire(
            timeout=REPLACE_TIMEOUT_S
        ):
            found = supervisor_status(settings)
            if found.state is not SupervisorState.HUNG or sends_heartbeat(settings, CONFIRM_S):
                return False
            assert found.process is not None  # noqa: S101  # the state says so
            _fence(settings, found.process)
            return True
    except Timeout:
        _log.warning("another process has been replacing the supervisor for too long")
        return False


def _fence(settings: Settings, process: ProcessIdentity) -> None:
    _log.warning("the supervisor %d does not respond and is ended", process.pid)
    try:
        process.kill()
    except PermissionError as error:
        _log.warning("it belongs to another user: %s", error)
    if not _wait(lambda: not process.is_alive(), END_TIMEOUT_S):
        # It waits for a disk. Once it wakes it finds another file in its lock's place, and ends.
        _lock_file(settings).unlink(missing_ok=True)


def run_supervisor(settings: Settings) -> bool:
    """Be the supervisor until SIGTERM or SIGINT. False at once when another one runs.

    Call it from the main thread. Raises StoreError when the database or its lock cannot be used.
    """
    warn_about_old_sqlite()
    with Store.open(settings) as store:
        try:
            taken = exclusive_lock(_lock_file(settings)).acquire(timeout=0.5)
        except Timeout:
            _log.info("another supervisor runs for %s", settings.results)
            return False
        except OSError as error:
            raise StoreError(
                f"The job runner's lock {_lock_file(settings)} cannot be used ({error}). Remove "
                "what is in its place, and make its folder writable."
            ) from error
        with taken, _end_on_signals() as ended:
            _log.info("started as process %d for %s", os.getpid(), settings.results)
            with _run_files_kept(settings, store, ended) as files:
                _supervise(settings, store, Place.of(_lock_file(settings)), ended, files)
    return True


def _supervise(
    settings: Settings,
    store: Store,
    lock: Place,
    ended: threading.Event,
    files: threading.Thread,
) -> None:
    watch, heartbeat = Watch(settings, store), Heartbeat(settings, lock, code_version())
    with heartbeat:
        while not ended.is_set():
            if not lock.is_kept():
                _log.warning("the results folder is gone, or another supervisor has taken over")
                return
            heartbeat.turn()
            try:
                watch.poll()
                if files.ident is None and not watch.is_held:
                    files.start()
            except StoreGone as error:
                # A results folder that is being deleted may lose its database first.
                ended.wait(POLL_S)
                if not lock.is_kept():
                    continue
                heartbeat.explain(str(error))
                raise
            except (StoreError, OSError) as error:
                # A full disk or a lock is temporary; the trainers continue meanwhile.
                _log.error("%s Trying again in %.0f s.", error, RETRY_S)
                ended.wait(RETRY_S)
            ended.wait(POLL_S)
    # A file that stays means that its supervisor did not end on purpose.
    heartbeat.withdraw()


@contextmanager
def _run_files_kept(
    settings: Settings, store: Store, ended: threading.Event
) -> Iterator[threading.Thread]:
    """A thread that writes missing run files; the caller starts it once no work is held.

    It has ended when the block is left.
    """
    # Thousands of runs must not delay the start.
    arguments = (store, settings, ended)
    files = threading.Thread(target=keep_missing_run_files, args=arguments, daemon=True)
    try:
        yield files
    finally:
        ended.set()
        if files.ident is not None:
            files.join()


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


def _wait_until_running(settings: Settings, child: subprocess.Popen[bytes]) -> SupervisorStatus:
    # Another process may have started one first: it is as good.
    done = _wait(
        lambda: supervisor_status(settings).is_running or child.poll() not in {None, 0},
        START_TIMEOUT_S,
    )
    status = supervisor_status(settings)
    if done and status.is_running:
        return status
    words = logs.tail(log_file(settings), 5)
    raise SupervisorUnavailable(f"The job runner did not start. The end of its log: {words}")


def _wait(condition: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _lock_file(settings: Settings) -> Path:
    return settings.results / "supervisor.lock"


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
