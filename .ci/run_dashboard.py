"""Print the page's address and become its server: `make run`, after the set-up.

Replaces itself by the server, so that Ctrl+C and a stop signal reach it with nothing in between.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"


def main(port: str) -> None:
    """Become the page's server on a port, or exit with the one sentence why that cannot be."""
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        sys.exit(f"PORT={port} is no port: give a number from 1 to 65535.")
    if not _is_free(int(port)):
        sys.exit(
            f"Port {port} on {HOST} is taken, perhaps by this lab in another window: "
            f"open http://{HOST}:{port}, or choose another with make run PORT={free_port()}."
        )
    print(f"Convscope: http://{HOST}:{port} (Ctrl+C ends the page; runs go on)", flush=True)
    os.chdir(ROOT)  # .streamlit/config.toml is read from the current folder
    command = ["-m", "streamlit", "run", "dashboard/app.py", "--server.port", port]
    os.execv(sys.executable, [sys.executable, *command])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the server does: an address in TIME_WAIT after a restart counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main(sys.argv[1])
