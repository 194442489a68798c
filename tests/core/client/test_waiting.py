"""Waiting for a run or a search ends: a supervisor that does not respond is replaced meanwhile."""

from __future__ import annotations

import os
import signal

import pytest

from core.client import Client, waiting
from core.jobs.supervisor_status import status_file
from core.records.runs import RunState
from core.records.searches import SearchState, TrialState
from tests.core.client.searching import add_search, begin_trial, small_search
from tests.core.jobs.lab import until
from tests.core.store.lives import queued


@pytest.mark.processes
def test_waiting_replaces_a_supervisor_that_does_not_respond(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_SUPERVISOR_EVERY_S", 0.1)
    hung = client.machine.ensure_supervisor().pid
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    file = status_file(client.settings)
    at = file.stat().st_mtime - 60
    os.utime(file, (at, at))
    (client.settings.data).mkdir()
    (client.settings.data / "digits.zip").write_bytes(b"not a zip")
    [run] = queued(client.store)
    [ended] = client.runs.wait([run.id], timeout_s=60)
    assert ended.state is RunState.FAILED
    assert client.machine.supervisor().pid != hung
    until(lambda: client.machine.supervisor().is_running)


@pytest.mark.timeout(30)
def test_a_search_that_failed_has_ended_though_its_trials_have_not(client: Client) -> None:
    found = add_search(client, small_search())
    begin_trial(client, found.id, {"dropout": 0.5, "rate": 1e-3})
    generation = client.store.searches.get(found.id).generation
    client.store.controllers.fail(found.id, generation, "It cannot go on.")
    ended = client.searches.wait(found.id, timeout_s=None)
    assert ended.state is SearchState.FAILED
    assert client.trials.list(found.id)[0].state is TrialState.RUNNING
