"""A process is never taken for another, and a lock shows who lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.jobs import logs
from core.jobs.launch import start_module
from core.processes import ProcessIdentity, is_held
from core.settings import PROJECT_ROOT
from tests.core.jobs.lab import until

SLEEP = "import time; time.sleep(600)"
HOLD = """
import sys, time
from pathlib import Path
from core.processes import exclusive_lock
with exclusive_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_later_process_with_the_same_id_is_another(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    try:
        identity = ProcessIdentity.of(child.pid)
        assert identity.is_alive()
        earlier = replace(identity, created_at=identity.created_at - 60)
        assert not earlier.is_alive()
        earlier.terminate()
        earlier.kill_group()
        assert child.poll() is None
        identity.kill_group()
        until(lambda: not identity.is_alive())  # a zombie by now, as nobody has waited for it
        assert child.wait() == -signal.SIGKILL
        identity.kill_group()
    finally:
        child.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="start times elsewhere are times of day")
@pytest.mark.parametrize("seconds", [-3600.0, -7.0, 7.0, 3600.0])
def test_a_correction_of_the_clock_makes_no_process_another(
    seconds: float, correct_clock: Callable[[float], None]
) -> None:
    child = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    try:
        before, identity = psutil.Process(child.pid).create_time(), ProcessIdentity.of(child.pid)
        correct_clock(seconds)
        assert psutil.Process(child.pid).create_time() == pytest.approx(before + seconds)
        assert identity.is_alive()
        assert ProcessIdentity.of(child.pid) == identity
        identity.kill()
        assert child.wait(timeout=10) == -signal.SIGKILL
        assert not identity.is_alive()
    finally:
        child.kill()


def test_an_identity_that_older_code_stored_is_recognised() -> None:
    me = os.getpid()
    stored = psutil.Process(me).create_time()
    assert ProcessIdentity(me, stored + 1.0).is_alive()
    assert not ProcessIdentity(me, stored - 60.0).is_alive()


def test_the_system_gives_a_killed_holders_lock_back(tmp_path: Path) -> None:
    file = tmp_path / "trainer.lock"
    assert not is_held(file)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], cwd=PROJECT_ROOT, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_held(file)
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        assert not is_held(file)
    finally:
        holder.kill()
        holder.communicate()


def test_a_module_runs_in_a_session_of_its_own_and_appends_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    for _ in range(2):
        assert start_module(["platform", "--terse"], log, {}).wait() == 0
    assert len(log.read_text().splitlines()) == 2
    child = start_module(["http.server", "--bind", "127.0.0.1", "0"], log, {})
    try:
        assert os.getsid(child.pid) == child.pid
    finally:
        child.kill()
        child.wait()


def test_a_log_keeps_its_end_and_its_writer(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    with log.open("a", encoding="utf-8") as writer:
        for number in range(1000):
            writer.write(f"line {number}\n")
        writer.flush()
        logs.bound(log, max_bytes=5000, kept_bytes=500)
        assert log.stat().st_size < 600
        writer.write("the last\n")
    lines = log.read_text().splitlines()
    assert lines[0].startswith("[earlier lines")
    assert lines[-2:] == ["line 999", "the last"]
    assert logs.tail(log, 1) == "the last"
    assert logs.tail(tmp_path / "none.txt") == ""
