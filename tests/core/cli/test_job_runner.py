"""A list of runs says so when nothing would start them."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator

import pytest

from core.client import Client
from core.jobs.supervisor_status import status_file
from core.records.runs import Run, RunState
from core.settings import Settings
from tests.core.cli.conftest import Convscope
from tests.core.jobs.lab import until
from tests.core.store.lives import queued, running

pytestmark = pytest.mark.processes

NONE = "No job runner is active"
HUNG = "has not responded for"


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    client = Client(settings)
    yield client
    client.machine.stop_supervisor()
    for run in client.runs.list(include_archived=True):
        if run.state is RunState.QUEUED:
            client.store.runs.request_stop(run.id)
    client.close()


@pytest.fixture
def run(client: Client) -> Run:
    """A run that trains, as far as the store knows."""
    return running(client.store)


def test_an_idle_lab_needs_no_job_runner(convscope: Convscope) -> None:
    assert NONE not in convscope("runs").err


def test_runs_that_wait_for_no_job_runner_say_so(convscope: Convscope, client: Client) -> None:
    [run] = queued(client.store)
    for command in (["runs"], ["runs", "--state", "finished"], ["show", run.id]):
        done = convscope(*command)
        assert done.code == 0
        assert NONE in done.err
        assert "convscope worker" in done.err
    listed = convscope("runs", "--json")
    assert [each["id"] for each in listed.json] == [run.id]
    assert NONE in listed.err
    refused = convscope("resume", run.id)
    assert NONE in refused.err
    client.machine.ensure_supervisor()
    assert NONE not in convscope("runs").err


def test_a_killed_and_a_hung_job_runner_have_different_messages(
    convscope: Convscope, client: Client
) -> None:
    pid = client.machine.ensure_supervisor().pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    file = status_file(client.settings)
    at = file.stat().st_mtime - 95
    os.utime(file, (at, at))
    running(client.store)
    done = convscope("runs")
    said = re.search(rf"The job runner \(process {pid}\) {HUNG} (\d+) s", done.err)
    assert said, done.err
    assert int(said[1]) >= 94
    assert "convscope worker" in done.err
    os.kill(pid, signal.SIGKILL)
    until(lambda: not client.machine.supervisor().is_running)
    assert NONE in convscope("runs").err
