"""The page's server, started in any way that a person might, and requests to it byte by byte."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.client import Client
from core.settings import PROJECT_ROOT, Settings
from tests.end_to_end.served_lab import until

APP = str(PROJECT_ROOT / "dashboard" / "app.py")
START_S = 90
ANSWER_S = 20


@dataclass(frozen=True)
class PageServer:
    """A server that answers on a port of 127.0.0.1."""

    port: int

    @property
    def host(self) -> str:
        """The ``Host`` of this server, as a browser sends it."""
        return f"127.0.0.1:{self.port}"

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], str]:
        """Status, headers and text of an answer. Only the headers given are sent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, {n.lower(): v for n, v in answer.getheaders()}, text

    def handshake(self, headers: Sequence[tuple[str, str]]) -> int:
        """The status of a websocket handshake with these headers: 101 when a session begins."""
        lines = ["GET /_stcore/stream HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_S) as connection:
            connection.sendall("\r\n".join(lines).encode())
            return int(connection.makefile("rb").readline().split()[1])


def start(
    arguments: Sequence[str], settings: Settings, log: Path, *, cwd: Path, **environment: str
) -> subprocess.Popen[bytes]:
    """Start ``python -m ...``; what it says goes to ``log``."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=cwd,
            env={
                **os.environ,
                **settings.to_environment(),
                "PYTHONPATH": str(PROJECT_ROOT),
                **environment,
            },
            stdout=file,
            stderr=subprocess.STDOUT,
        )


@contextmanager
def running(
    arguments: Sequence[str],
    port: int,
    folder: Path,
    *,
    cwd: Path = PROJECT_ROOT,
    **environment: str,
) -> Iterator[PageServer]:
    """A server that is up, and ended with the block."""
    settings = settings_in(folder)
    log = folder / "server.log"
    process = start(arguments, settings, log, cwd=cwd, **environment)
    server = PageServer(port)
    try:
        until(lambda: answers(port, process), START_S, log.read_text)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=START_S)
        Client(settings).machine.stop_supervisor()


def answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server serves by now. AssertionError when it ended instead."""
    assert process.poll() is None, f"the server ended with code {process.returncode}"
    try:
        PageServer(port).request("GET", "/_stcore/health", {"Host": f"127.0.0.1:{port}"})
    except (ConnectionError, TimeoutError, http.client.HTTPException):
        return False
    return True


def settings_in(folder: Path) -> Settings:
    """A lab of its own in ``folder``."""
    environment = dict(os.environ) | {"CONVSCOPE_RESULTS": str(folder / "results")}
    environment.pop("CONVSCOPE_DATABASE_URL", None)
    return Settings.from_environment(environment)
