"""A trainer that the kernel ended for want of memory has failed; it is not tried again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from core.jobs.watch import Watch
from core.records.runs import RunState
from tests.core.jobs.lab import Lab, until

pytestmark = [pytest.mark.processes, pytest.mark.timing]


@pytest.mark.parametrize(("kills", "is_memory"), [(4, True), (3, False)])
def test_memory_that_ran_out_is_told_from_other_kills(
    lab: Lab, tmp_path: Path, kills: int, is_memory: bool
) -> None:
    counters = tmp_path / "vmstat"  # the kernel's own cannot be made to count without harm
    counters.write_text("nr_free_pages 17\noom_kill 3\n")
    run, trainer = lab.stand_in()
    watch = Watch(lab.settings, lab.store, kernel_counters=counters)
    os.kill(trainer.pid, signal.SIGKILL)
    trainer.wait(timeout=10)
    counters.write_text(f"nr_free_pages 17\noom_kill {kills}\n")

    def has_noticed() -> bool:
        watch.poll()
        return lab.store.runs.get(run.id).state is not RunState.RUNNING or (
            lab.store.runs.get(run.id).attempt == 2
        )

    until(has_noticed, 30)
    ended = lab.store.runs.get(run.id)
    assert (ended.state is RunState.FAILED) is is_memory
    assert ended.attempt == (1 if is_memory else 2)
    reasons = [event.reason for event in lab.store.runs.events(run.id)]
    assert any("Memory ran out" in reason for reason in reasons) is is_memory
    assert (ended.failure is not None and ended.failure.code == "out_of_memory") is is_memory
