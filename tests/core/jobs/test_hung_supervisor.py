"""A supervisor that does not respond is replaced; one that works or waits is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress

import psutil
import pytest

from core.jobs import supervisor
from core.jobs.supervisor import ensure_supervisor, stop_supervisor, supervisor_status
from core.jobs.supervisor_status import (
    HEARTBEAT_S,
    LEASE_S,
    SupervisorState,
    sends_heartbeat,
    status_file,
)
from core.records.runs import RunState
from tests.core.jobs.lab import Lab, locked, until

pytestmark = [pytest.mark.processes, pytest.mark.timing]

STUCK = """
import time
import core.jobs.supervisor as supervisor
import core.jobs.supervisor_status as status
status.STUCK_S = 1.0
supervisor.Watch.poll = lambda self: time.sleep(600)
supervisor.main()
"""
"""A supervisor whose loop turns once."""


def supervisors_of(lab: Lab) -> list[int]:
    """Process ids of everything that is, or starts to be, this folder's supervisor."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if "core.jobs.supervisor" in (process.info["cmdline"] or []):
            with suppress(psutil.Error):
                is_mine = process.environ()["CONVSCOPE_RESULTS"] == str(lab.settings.results)
                found += [process.pid] if is_mine else []
    return found


def let_time_pass(lab: Lab, seconds: float = LEASE_S + 1) -> None:
    """As if the last heartbeat were so much older."""
    file = lab.settings.results / "supervisor.json"
    at = file.stat().st_mtime - seconds
    os.utime(file, (at, at))


def stopped(lab: Lab) -> subprocess.Popen[bytes]:
    """A supervisor that was stopped (SIGSTOP) half a minute ago."""
    process = just_stopped(lab)
    let_time_pass(lab)
    return process


def just_stopped(lab: Lab) -> subprocess.Popen[bytes]:
    """A supervisor that was stopped this instant."""
    process = lab.start_supervisor()
    until(lambda: supervisor_status(lab.settings).is_running)
    os.kill(process.pid, signal.SIGSTOP)
    return process


def test_a_stopped_supervisor_is_ended_and_the_queue_continues(lab: Lab) -> None:
    hung = stopped(lab)
    run = lab.submit_broken()
    status = supervisor_status(lab.settings)
    assert (status.state, status.pid) == (SupervisorState.HUNG, hung.pid)
    assert status.needs_successor
    successor = ensure_supervisor(lab.settings)
    assert successor.state is SupervisorState.RUNNING
    assert successor.pid != hung.pid
    assert hung.wait(timeout=10) == -signal.SIGKILL
    lab.wait_for(run, RunState.FAILED)


def test_its_trainers_live_on_and_are_adopted(lab: Lab) -> None:
    run, trainer = lab.stand_in()
    stopped(lab)
    ensure_supervisor(lab.settings)
    lab.store.runs.request_stop(run.id)
    ended = lab.wait_for(run, RunState.STOPPED)
    assert (ended.attempt, ended.pid, ended.auto_resumes) == (1, trainer.pid, 0)
    assert trainer.wait(timeout=10) == 0


def test_an_old_heartbeat_of_a_supervisor_that_works_replaces_nobody(lab: Lab) -> None:
    # As after the sleep of a laptop, or a correction of the clock either way.
    process = lab.start_supervisor()
    until(lambda: supervisor_status(lab.settings).is_running)
    for seconds in (LEASE_S + 60, -LEASE_S - 60):
        let_time_pass(lab, seconds)
        assert supervisor_status(lab.settings).state is SupervisorState.HUNG
        assert ensure_supervisor(lab.settings).pid == process.pid
        assert supervisor_status(lab.settings).is_running
    assert process.poll() is None


def test_many_who_replace_it_at_once_start_one_successor(lab: Lab) -> None:
    stopped(lab)
    found: list[int | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(ensure_supervisor(lab.settings).pid))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    # No other process is on its way that would outlive this.
    stop_supervisor(lab.settings)
    assert supervisors_of(lab) == []


def test_a_supervisor_that_waits_for_a_locked_database_is_left_alone(lab: Lab) -> None:
    run = lab.submit_broken()
    with locked(lab):
        process = lab.start_supervisor()
        until(lambda: supervisor_status(lab.settings).is_running)
        beats = set()

        def beats_again() -> bool:
            status = supervisor_status(lab.settings)
            assert status.state is SupervisorState.RUNNING
            beats.add(status.heartbeat_at)
            return len(beats) > 3

        until(beats_again, 20)
        # It would have started the run by now.
        assert lab.store.runs.get(run.id).state is RunState.QUEUED
        let_time_pass(lab)
        assert ensure_supervisor(lab.settings).pid == process.pid
    lab.wait_for(run, RunState.FAILED)
    assert supervisor_status(lab.settings).pid == process.pid


def test_a_supervisor_whose_loop_is_stuck_is_replaced(lab: Lab) -> None:
    stuck = lab.start_supervisor(STUCK)
    until(lambda: supervisor_status(lab.settings).is_running)
    until(lambda: not sends_heartbeat(lab.settings, 2.5 * HEARTBEAT_S))
    let_time_pass(lab)
    assert ensure_supervisor(lab.settings).pid != stuck.pid
    assert stuck.wait(timeout=10) == -signal.SIGKILL


@pytest.mark.parametrize("signalled", [False, True])
def test_one_that_was_replaced_but_not_ended_does_no_harm_when_it_wakes(
    lab: Lab, signalled: bool
) -> None:
    hung = just_stopped(lab)
    if signalled:
        hung.terminate()
    # What is left where no signal ends it, as it waits for a disk.
    (lab.settings.results / "supervisor.lock").unlink()
    second = lab.start_supervisor()
    until(lambda: supervisor_status(lab.settings).pid == second.pid)
    os.kill(hung.pid, signal.SIGCONT)
    assert hung.wait(timeout=20) == 0
    status = supervisor_status(lab.settings)
    assert (status.pid, status.state) == (second.pid, SupervisorState.RUNNING)
    run = lab.submit_broken()
    assert lab.wait_for(run, RunState.FAILED).attempt == 1
    assert second.poll() is None


def test_a_supervisor_in_the_foreground_replaces_one_that_hangs(lab: Lab) -> None:
    hung = stopped(lab)
    second = lab.start_supervisor("from core.cli.machine import worker; worker(stop=False)")
    until(lambda: supervisor_status(lab.settings).pid == second.pid)
    assert hung.wait(timeout=10) == -signal.SIGKILL


def test_one_that_hangs_can_be_ended_on_purpose(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    hung = stopped(lab)
    monkeypatch.setattr(supervisor, "END_TIMEOUT_S", 1.0)
    stop_supervisor(lab.settings)
    assert hung.wait(timeout=10) == -signal.SIGKILL
    assert supervisor_status(lab.settings).state is SupervisorState.NONE


def test_a_full_disk_is_no_sign_that_it_hangs(lab: Lab) -> None:
    lab.start_supervisor()
    until(lambda: supervisor_status(lab.settings).is_running)
    inode = status_file(lab.settings).stat().st_ino
    assert sends_heartbeat(lab.settings, 3 * HEARTBEAT_S)
    assert status_file(lab.settings).stat().st_ino == inode  # touched: nothing was written
