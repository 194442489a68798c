"""The command as scripts call it: a real process, a results folder of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.client import Client
from core.processes import ProcessIdentity
from core.settings import PROJECT_ROOT, Settings

COMMAND = [sys.executable, "-m", "core.cli"]


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON, strictly: no NaN."""
        return json.loads(self.out, parse_constant=_refuse)


Convscope = Callable[..., Done]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("cli")
    settings = Settings.from_environment(
        {
            "CONVSCOPE_RESULTS": str(folder / "results"),
            "CONVSCOPE_DATA": str(folder / "data"),
            "CONVSCOPE_CACHE": os.environ.get("CONVSCOPE_CACHE", str(folder / "cache")),
        }
    )
    yield settings
    client = Client(settings)
    client.machine.stop_supervisor()
    identities = [
        client.store.controllers.process_of(search.id) for search in client.searches.list()
    ]
    identities += [
        client.store.trainers.process_of(run.id) for run in client.runs.list(include_archived=True)
    ]
    for identity in identities:
        if identity is not None:
            ProcessIdentity(*identity).kill_group()
    client.store.close()


@pytest.fixture(scope="module")
def environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, **settings.to_environment(), "PYTHONPATH": str(PROJECT_ROOT)}


@pytest.fixture
def convscope(environment: dict[str, str], tmp_path: Path) -> Convscope:
    """Call the command from a folder that is not the checkout."""

    def call(*arguments: str, timeout_s: float = 240) -> Done:
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return call


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


@dataclass(frozen=True)
class Shown:
    """How a command ended on a terminal, and what it wrote there."""

    code: int
    raw: str

    @property
    def text(self) -> str:
        """Without control sequences and carriage returns."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.raw).replace("\r", "")


AtTerminal = Callable[..., Shown]


@pytest.fixture
def at_terminal(environment: dict[str, str], tmp_path: Path) -> AtTerminal:
    """Run a command on a terminal of its own, ``columns`` wide."""

    def call(command: list[str], *, columns: int = 100) -> Shown:
        ours, theirs = os.openpty()
        termios.tcsetwinsize(theirs, (40, columns))
        process = subprocess.Popen(
            command,
            env={**environment, "TERM": "xterm-256color", "COLUMNS": str(columns)},
            cwd=tmp_path,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        written = b"".join(_read_to_end(ours))
        os.close(ours)
        return Shown(process.wait(timeout=60), written.decode(errors="replace"))

    return call


def _read_to_end(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(terminal, 65536)
        # Linux reports the end of a terminal whose last writer has gone as EIO.
        except OSError:
            return
        if not part:
            return
        yield part
