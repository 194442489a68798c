"""Promise: whoever waits for a run is not kept waiting by a supervisor that does not respond."""

from __future__ import annotations

import os
import signal

import pytest

from core.client import Client, waiting
from core.jobs.supervisor_status import status_file
from core.records.runs import RunState
from tests.core.jobs.lab import until
from tests.core.store.lives import queued

pytestmark = pytest.mark.processes


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
