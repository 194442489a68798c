"""One supervisor a folder, trainers that outlive it, and a queue that goes on whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import psutil
import pytest
from sqlalchemy import text

from core.errors import SupervisorUnavailable
from core.jobs.supervisor import (
    code_version,
    ensure_supervisor,
    stop_supervisor,
    supervisor_status,
)
from core.jobs.watch import Watch
from core.records.runs import RunState
from core.settings import PROJECT_ROOT
from tests.core.jobs.lab import Lab, until

pytestmark = [pytest.mark.processes, pytest.mark.timing]

OLDER = """
import core.jobs.supervisor as supervisor
supervisor.code_version = lambda: "older"
supervisor.main()
"""


def test_of_two_that_start_at_once_one_stays(lab: Lab) -> None:
    both = [lab.start_supervisor(), lab.start_supervisor()]
    until(lambda: any(each.poll() is not None for each in both))
    ended = [each for each in both if each.poll() is not None]
    assert [each.returncode for each in ended] == [0]
    until(lambda: supervisor_status(lab.settings).is_running)
    stays = next(each for each in both if each not in ended)
    assert supervisor_status(lab.settings).pid == stays.pid
    stop_supervisor(lab.settings)
    assert stays.wait(timeout=10) == 0


def test_it_is_started_once_is_light_and_ends_when_asked(lab: Lab) -> None:
    status = ensure_supervisor(lab.settings)
    assert status.is_current
    assert status.code_version == code_version()
    assert ensure_supervisor(lab.settings).pid == status.pid
    assert status.pid is not None
    process = psutil.Process(status.pid)
    assert process.memory_info().rss < 120 * 2**20
    assert os.getsid(status.pid) == status.pid
    stop_supervisor(lab.settings)
    assert not supervisor_status(lab.settings).is_running
    assert not supervisor_status(lab.settings).needs_successor
    stop_supervisor(lab.settings)


def test_one_of_older_code_is_replaced(lab: Lab) -> None:
    older = lab.start_supervisor(OLDER)
    until(lambda: supervisor_status(lab.settings).is_running)
    assert not supervisor_status(lab.settings).is_current
    status = ensure_supervisor(lab.settings)
    assert status.is_current
    assert status.pid != older.pid
    assert older.wait(timeout=10) == 0


def test_it_ends_when_its_folder_is_gone(lab: Lab) -> None:
    supervisor = lab.start_supervisor()
    until(lambda: supervisor_status(lab.settings).is_running)
    shutil.rmtree(lab.settings.results)
    assert supervisor.wait(timeout=20) == 0


def test_a_successor_adopts_the_trainers_of_a_killed_one(lab: Lab) -> None:
    run, trainer = lab.stand_in()
    first = ensure_supervisor(lab.settings)
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: supervisor_status(lab.settings).needs_successor)
    assert trainer.poll() is None
    second = ensure_supervisor(lab.settings)
    assert second.pid != first.pid
    waiting = lab.submit()
    lab.store.runs.request_stop(run.id)
    ended = lab.wait_for(run, RunState.STOPPED)
    assert (ended.attempt, ended.pid) == (1, trainer.pid)
    lab.store.runs.request_stop(waiting.id)


def test_stopping_it_leaves_trainers_alone(lab: Lab) -> None:
    run, trainer = lab.stand_in()
    ensure_supervisor(lab.settings)
    stop_supervisor(lab.settings)
    assert trainer.poll() is None
    lab.store.runs.request_stop(run.id)
    assert trainer.wait(timeout=20) == 0
    assert lab.store.runs.get(run.id).state is RunState.STOPPED


def test_the_queue_goes_on_after_a_failed_run_in_its_order(lab: Lab) -> None:
    first, second, third = (lab.submit_broken() for _ in range(3))
    lab.store.runs.move_in_queue(third.id, 0)
    ensure_supervisor(lab.settings)
    for run in (first, second, third):
        failed = lab.wait_for(run, RunState.FAILED)
        assert failed.failure is not None
        assert failed.failure.code == "data_corrupt"
        assert "cifar10.zip" in failed.failure.message
        assert "Traceback" in failed.failure.traceback
    started = {run.id: lab.store.runs.get(run.id).started_at for run in (first, second, third)}
    assert sorted(started, key=lambda each: started[each] or 0) == [third.id, first.id, second.id]


def test_a_killed_trainer_is_lost_quickly_and_resumed_by_itself(lab: Lab) -> None:
    run, trainer = lab.stand_in()
    (lab.settings.data).mkdir(exist_ok=True)
    ensure_supervisor(lab.settings)
    lab.store.settings.set_cpu_slots(1)
    trainer.kill()
    trainer.wait()
    until(lambda: lab.store.runs.get(run.id).attempt == 2, 10)
    states = [event.after for event in lab.store.runs.events(run.id)]
    assert states[2:4] == [RunState.LOST, RunState.QUEUED]


def test_two_folders_do_not_disturb_each_other(make_lab: Callable[..., Lab]) -> None:
    one, other = make_lab("one"), make_lab("other")
    mine = ensure_supervisor(one.settings)
    theirs = ensure_supervisor(other.settings)
    assert mine.pid != theirs.pid
    run = one.submit_broken()
    one.wait_for(run, RunState.FAILED)
    assert other.store.runs.list() == []
    stop_supervisor(one.settings)
    assert supervisor_status(other.settings).is_running


@dataclass
class Ticking:
    """A watch without its process, for what takes a minute otherwise."""

    watch: Watch

    def until(self, condition: Callable[[], bool], timeout_s: float = 60) -> None:
        def ticked() -> bool:
            self.watch.poll()
            return condition()

        until(ticked, timeout_s)


def test_a_trainer_without_heartbeat_is_ended_and_lost(lab: Lab) -> None:
    run, trainer = lab.stand_in()
    os.kill(trainer.pid, signal.SIGSTOP)
    ticking = Ticking(Watch(lab.settings, lab.store, lease_s=3.0))
    ticking.until(lambda: lab.store.runs.get(run.id).attempt == 2, 30)
    assert trainer.wait(timeout=10) == -signal.SIGKILL
    reasons = [e.reason for e in lab.store.runs.events(run.id) if e.after is RunState.LOST]
    assert len(reasons) == 1
    assert "no heartbeat" in reasons[0]


def test_a_trainer_that_does_not_stop_is_killed(lab: Lab) -> None:
    run, trainer = lab.stand_in(obeys=False)
    lab.store.runs.request_stop(run.id)
    ticking = Ticking(Watch(lab.settings, lab.store, stop_grace_s=1.0))
    ticking.until(lambda: lab.store.runs.get(run.id).state is RunState.STOPPED, 30)
    assert trainer.wait(timeout=10) == -signal.SIGKILL
    assert "killed 1 s after" in lab.store.runs.events(run.id)[-1].reason


def test_a_run_that_is_killed_again_and_again_waits_for_a_person(lab: Lab) -> None:
    run = lab.submit()
    ticking = Ticking(Watch(lab.settings, lab.store))
    for attempt in (1, 2, 3, 4):

        def started(number: int = attempt) -> bool:
            now = lab.store.runs.get(run.id)
            return now.attempt == number and now.pid is not None

        ticking.until(started)
        pid = lab.store.runs.get(run.id).pid
        assert pid is not None
        os.killpg(pid, signal.SIGKILL)
    ticking.until(lambda: lab.store.runs.get(run.id).state is RunState.LOST)
    lost = lab.store.runs.get(run.id)
    assert (lost.state, lost.attempt, lost.auto_resumes) == (RunState.LOST, 4, 3)
    assert lost.failure is not None
    assert lost.failure.code == "killed"
    assert "memory" in lost.failure.message
    assert "3 times" in lost.failure.message
    next_one = lab.submit_broken()
    ticking.until(lambda: lab.store.runs.get(next_one.id).state is RunState.FAILED)


def test_a_signal_without_a_name_does_not_end_the_supervisors_work(lab: Lab) -> None:
    run = lab.submit()
    ticking = Ticking(Watch(lab.settings, lab.store))
    ticking.until(lambda: lab.store.runs.get(run.id).pid is not None)
    pid = lab.store.runs.get(run.id).pid
    assert pid is not None
    os.kill(pid, signal.SIGRTMIN + 3)
    ticking.until(lambda: lab.store.runs.get(run.id).attempt == 2)
    reasons = [e.reason for e in lab.store.runs.events(run.id) if e.after is RunState.LOST]
    assert reasons == [
        f"The trainer crashed (signal {signal.SIGRTMIN + 3}). See the end of its log."
    ]


def test_a_running_row_that_cannot_be_read_keeps_its_slot_and_is_logged_once(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    run, _ = lab.stand_in()
    waiting = lab.submit()
    with lab.store.database.write() as connection:
        connection.execute(text(f"UPDATE run SET seed = 'x' WHERE id = '{run.id}'"))
    watch = Watch(lab.settings, lab.store)
    for _ in range(3):
        lab.store.runs.note(waiting.id, "changed")
        watch.poll()
    assert lab.store.runs.get(waiting.id).state is RunState.QUEUED
    lines = [each for each in caplog.messages if "cannot be read; it keeps its slot" in each]
    assert len(lines) == 1
    assert run.id in lines[0]


def test_a_running_row_that_cannot_be_read_and_has_no_trainer_blocks_no_slot(lab: Lab) -> None:
    broken, waiting = lab.submit_broken(), lab.submit_broken()
    assert lab.store.runs.claim_next("cpu") is not None
    with lab.store.database.write() as connection:
        connection.execute(text(f"UPDATE run SET seed = 'x' WHERE id = '{broken.id}'"))
    Ticking(Watch(lab.settings, lab.store)).until(
        lambda: lab.store.runs.get(waiting.id).state is RunState.FAILED
    )


def test_a_claim_whose_supervisor_died_before_the_start_is_picked_up(lab: Lab) -> None:
    run = lab.submit_broken()
    assert lab.store.runs.claim_next("cpu") is not None
    Ticking(Watch(lab.settings, lab.store)).until(
        lambda: lab.store.runs.get(run.id).state is RunState.FAILED
    )
    assert lab.store.runs.get(run.id).attempt == 2


def test_it_loads_no_array_or_network_library() -> None:
    heavy = {"numpy", "pandas", "keras", "tensorflow", "jax", "torch", "alembic", "pydantic"}
    program = f"import sys, core.jobs.supervisor; print(sorted({heavy!r} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT_ROOT, capture_output=True, check=True
    )
    assert answer.stdout == b"[]\n"


def test_a_lock_that_cannot_be_opened_is_a_sentence_that_names_it(lab: Lab) -> None:
    file = lab.settings.results / "supervisor.lock"
    file.mkdir()
    with pytest.raises(SupervisorUnavailable, match="lock") as caught:
        ensure_supervisor(lab.settings)
    assert str(file) in str(caught.value)
    assert 'File "' not in str(caught.value)
    assert "The supervisor's lock" in str(caught.value)
