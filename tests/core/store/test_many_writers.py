"""Eight processes write metrics at once, and none is lost."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from core.records.runs import Run
from core.settings import PROJECT_ROOT, Settings
from core.store.store import Store
from tests.core.store.lives import epoch, running

NUM_PROCESSES = 8
NUM_EPOCHS = 15

WRITER = """
import sys
from core.settings import Settings
from core.store.store import Store
from tests.core.store.lives import epoch
run_id = sys.argv[1]
store = Store.open(Settings.from_environment())
sys.stdin.readline()
for number in range(1, int(sys.argv[2]) + 1):
    store.metrics.save_epoch(run_id, 1, epoch(number))
    store.trainers.heartbeat(run_id, 1)
"""


@pytest.mark.processes
def test_no_metric_of_eight_writers_is_lost(settings: Settings) -> None:
    with Store.open(settings) as store:
        runs = [running(store) for _ in range(NUM_PROCESSES)]
        before = store.revision()
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, run.id, str(NUM_EPOCHS)],
                cwd=PROJECT_ROOT,
                env=settings.to_environment(),
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for run in runs
        ]
        try:
            for writer in writers:  # all begin at once
                assert writer.stdin is not None
                writer.stdin.write(b"go\n")
                writer.stdin.flush()
            errors = [writer.communicate(timeout=120)[1] for writer in writers]
        finally:
            for writer in writers:
                writer.kill()
        assert errors == [b""] * NUM_PROCESSES
        found = {(m.run_id, m.epoch) for m in store.metrics.list([run.id for run in runs])}
        assert found == set(product([run.id for run in runs], range(1, NUM_EPOCHS + 1)))
        assert len(store.metrics.list([run.id for run in runs])) == NUM_PROCESSES * NUM_EPOCHS * 5
        assert store.revision() == before + NUM_PROCESSES * NUM_EPOCHS
        with store.database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def test_threads_share_one_store(store: Store) -> None:
    runs = [running(store) for _ in range(6)]

    def write(run: Run) -> int:
        for number in range(1, 11):
            store.metrics.save_epoch(run.id, 1, epoch(number))
        return len(store.metrics.list([run.id]))

    with ThreadPoolExecutor(len(runs)) as pool:
        assert list(pool.map(write, runs)) == [50] * len(runs)
