"""A lab of its own for browser tests: results folder, real server, real supervisor and trainers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.client import Client
from core.processes import ProcessIdentity
from core.settings import PROJECT_ROOT, Settings
from tests.end_to_end.test_live_chart import free_port

START_S = 90


@dataclass
class ServedLab:
    """One results folder, what this test's own client sees of it, and the server of its pages."""

    settings: Settings
    client: Client
    log: Path
    port: int = 0
    """The same after a restart, as a page that stays open asks there."""
    server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        """Start `convscope serve` on a port that was free at first; wait until it answers."""
        self.port = self.port or free_port()
        with self.log.open("a") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "core.cli", "serve", "--port", str(self.port)],
                cwd=PROJECT_ROOT,
                env=os.environ | self.settings.to_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until(self._answers, START_S, lambda: f"The server did not start:\n{self.log.read_text()}")

    def kill_server(self) -> None:
        """End the server as a crash does: signal 9."""
        assert self.server is not None
        self.server.kill()
        self.server.wait()
        self.server = None

    def close(self) -> None:
        """End everything that works on this results folder."""
        if self.server is not None:
            self.server.terminate()
            try:
                self.server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill_server()
        self.client.machine.stop_supervisor()
        for run in self.client.runs.list(include_archived=True):
            identity = self.client.store.trainers.process_of(run.id)
            if identity is not None:
                ProcessIdentity(*identity).kill_group()
        self.client.close()

    def _answers(self) -> bool:
        assert self.server is not None
        if self.server.poll() is not None:
            pytest.fail(f"The server ended:\n{self.log.read_text()}")
        try:
            urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2).close()
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False
        return True


@contextmanager
def served_lab(folder: Path) -> Iterator[ServedLab]:
    """An empty lab in ``folder`` with its pages served; everything ends with the block."""
    environment = dict(os.environ) | {"CONVSCOPE_RESULTS": str(folder / "results")}
    environment.pop("CONVSCOPE_DATABASE_URL", None)
    settings = Settings.from_environment(environment)
    lab = ServedLab(settings, Client(settings), folder / "server.log")
    try:
        lab.serve()
        yield lab
    finally:
        lab.close()


def until(
    condition: Callable[[], bool],
    timeout_s: float,
    else_say: Callable[[], str] = lambda: "the condition did not come true in time",
) -> None:
    """Wait for a condition, not for a time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, else_say()
        time.sleep(0.05)
