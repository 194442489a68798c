"""A results folder under test: runs of every cost, stand-in trainers, waiting for conditions."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from core.jobs.launch import start_module
from core.records.runs import Run, RunState
from core.settings import PROJECT_ROOT, Settings
from core.spec import parse
from core.store.store import Store

STAND_IN = """
import sys, time
from core.jobs.launch import trainer_lock
from core.processes import ProcessIdentity, exclusive_lock
from core.jobs.reporter import StoreReporter
from core.records.phases import Phase
from core.records.runs import RunState
from core.settings import Settings
from core.store.store import Store
run_id, attempt, obeys = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "obeys"
settings = Settings.from_environment()
folder = settings.run_folder(run_id)
folder.mkdir(parents=True, exist_ok=True)
with exclusive_lock(trainer_lock(settings, run_id)), Store.open(settings) as store:
    me = ProcessIdentity.of_this_process()
    store.trainers.attach(run_id, attempt, pid=me.pid, pid_created_at=me.created_at)
    with StoreReporter(store, run_id, attempt, folder) as reporter:
        reporter.phase(Phase.TRAINING)
        while not (reporter.should_stop() and obeys):
            time.sleep(0.02)
    store.runs.end(run_id, attempt, RunState.STOPPED, reason="stopped")
"""
"""A trainer without a network: lock, heartbeat and stop are the real ones, and it is light."""


KEEP_LOCKED = """
import sys
from core.store.database import sqlite_module
connection = sqlite_module().connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""
"""Takes the database's write lock, and keeps it until its input ends."""


@dataclass
class Lab:
    """One results folder and what the test started in it."""

    settings: Settings
    store: Store
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """What a job of this folder is started with."""
        return os.environ | self.settings.to_environment()

    def submit(self, dataset: str = "digits", **training: Any) -> Run:
        """Queue a run of a network of a few hundred weights."""
        experiment = parse(
            {
                "data": {"dataset": dataset},
                "model": {
                    "stages": [{"convolutions": [{"kind": "normal", "filters": 4}]}],
                    "dense": [],
                },
                "training": {"epochs": 6, "batch_size": 64, **training},
            }
        )
        return self.store.runs.add(experiment)[0]

    def submit_broken(self) -> Run:
        """Queue a run whose data set is no zip: it fails before an engine is loaded."""
        self.settings.data.mkdir(exist_ok=True)
        (self.settings.data / "cifar10.zip").write_bytes(b"not a zip")
        return self.submit("cifar10")

    def stand_in(self, *, obeys: bool = True) -> tuple[Run, subprocess.Popen[bytes]]:
        """A claimed run with a light trainer at work on it."""
        self.submit()
        run = self.store.runs.claim_next("cpu")
        assert run is not None
        process = subprocess.Popen(
            [sys.executable, "-c", STAND_IN, run.id, str(run.attempt), "obeys" if obeys else "not"],
            cwd=PROJECT_ROOT,
            env=os.environ | self.settings.to_environment(),
            start_new_session=True,
        )
        self.processes.append(process)
        until(lambda: self.store.runs.get(run.id).progress is not None)
        return self.store.runs.get(run.id), process

    def start_supervisor(self, program: str | None = None) -> subprocess.Popen[bytes]:
        """A supervisor of this folder, by hand."""
        log = self.settings.results / "supervisor.log"
        if program is None:
            process = start_module(["core.jobs.supervisor"], log, self.settings.to_environment())
        else:
            process = subprocess.Popen(
                [sys.executable, "-c", program],
                cwd=PROJECT_ROOT,
                env=os.environ | self.settings.to_environment(),
            )
        self.processes.append(process)
        return process

    def wait_for(self, run: Run, *states: RunState, timeout_s: float = 90) -> Run:
        """The run once it is in one of ``states``."""
        until(lambda: self.store.runs.get(run.id).state in states, timeout_s)
        return self.store.runs.get(run.id)

    def trainers(self) -> list[int]:
        """Process ids of this folder's real trainers, by their environment."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            try:
                mine = process.environ().get("CONVSCOPE_RESULTS") == str(self.settings.results)
            except psutil.Error:
                continue
            if {"core.jobs.execute", "core.jobs.warm.process"} & set(command) and mine:
                found.append(process.pid)
        return found


@contextmanager
def locked(lab: Lab) -> Iterator[None]:
    """Another process holds the database's write lock for the length of the block."""
    holder = subprocess.Popen(
        [sys.executable, "-c", KEEP_LOCKED, str(lab.settings.results / "convscope.sqlite")],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"locked\n"
        yield
    finally:
        holder.stdin.close()
        holder.wait(timeout=10)


def until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    """Wait for a condition, not for a time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)
