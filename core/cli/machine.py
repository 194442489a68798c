"""`convscope worker` and `serve`."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
from typing import Annotated

import typer

from core import access
from core.cli.exits import fail, say
from core.client import Client
from core.errors import AddressRefused, ConvscopeError
from core.settings import PROJECT_ROOT, Settings

HOST = "127.0.0.1"
DEFAULT_PORT = 8501


def worker(
    stop: Annotated[
        bool, typer.Option("--stop", help="End the job runner instead; runs that train go on.")
    ] = False,
) -> None:
    """Be the job runner in the foreground.

    It starts queued runs and looks after them. One that does not respond is replaced.
    """
    client = Client()
    if stop:
        found = client.machine.supervisor()
        was_there = found.process is not None and found.process.is_alive()
        client.machine.stop_supervisor()
        say("The job runner has ended." if was_there else "No job runner was active.")
        return
    # Only this command needs what it brings along.
    from core.jobs.supervisor import end_hung_supervisor, run_supervisor

    logging.getLogger("core").setLevel(logging.INFO)
    say(f"Working on {client.settings.results}. Ctrl+C ends this; runs that train go on.")
    end_hung_supervisor(client.settings)
    if not run_supervisor(client.settings):
        status = client.machine.supervisor()
        raise fail(
            f"Another job runner (process {status.pid}) is active here already. "
            "convscope worker --stop ends it."
        )


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the page answers.")] = (
        DEFAULT_PORT
    ),
    address: Annotated[
        str, typer.Option(help="Where it listens. Others than loopback need --behind-proxy.")
    ] = HOST,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="A host name that the page answers besides this machine's own, for instance "
            "lab.example, lab.example:8443 or https://lab.example. Repeatable."
        ),
    ] = None,
    behind_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-proxy", help="A proxy in front of the page asks for a login: it has none."
        ),
    ] = False,
) -> None:
    """Open the dashboard until Ctrl+C.

    On 127.0.0.1 only. Runs go on without it.
    """
    _configure_access(address, allow_host or [], behind_proxy=behind_proxy)
    if not is_free(port, address):
        raise fail(
            f"Port {port} on {address} is taken, perhaps by this lab in another window: open "
            f"{_url(address, port)}, or choose another with convscope serve --port "
            f"{free_port(address)}."
        )
    _start_supervisor()
    typer.echo(f"Convscope: {_url(address, port)} (Ctrl+C ends the page; runs go on)")
    sys.stdout.flush()
    # Relative paths in the settings mean the folder that this command was called from.
    os.environ.update(Settings.from_environment().to_environment())
    os.chdir(PROJECT_ROOT)  # Streamlit reads .streamlit/config.toml from the current folder
    command = ["-m", "streamlit", "run", "dashboard/app.py"]
    options = ["--server.port", str(port), "--server.address", address]
    # This process becomes the server, so that Ctrl+C and signals reach it at once.
    os.execv(sys.executable, [sys.executable, *command, *options])  # noqa: S606


def _configure_access(address: str, hosts: list[str], *, behind_proxy: bool) -> None:
    """Pass the options on to the server by its environment, and check them before it starts."""
    configured = os.environ.get(access.ALLOWED_HOSTS, "").split(",")
    os.environ[access.ALLOWED_HOSTS] = ",".join(filter(None, [*configured, *hosts]))
    if behind_proxy:
        os.environ[access.BEHIND_PROXY] = "1"
    access.Access.from_environment().check_address(address)


def _start_supervisor() -> None:
    # Queued runs of an earlier day go on as soon as the lab is open.
    from core.store.database import warn_about_old_sqlite

    warn_about_old_sqlite()
    try:
        Client().machine.ensure_supervisor()
    except ConvscopeError as error:
        say(f"{error} The page says the same and offers to try again.")


def is_free(port: int, address: str = HOST) -> bool:
    """Whether nothing listens on the port. AddressRefused when this machine has no such address."""
    with socket.socket(_family(address)) as probe:
        # As the server does: an address in TIME_WAIT after a restart counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise AddressRefused(
                f"This machine cannot listen on {address}, port {port}: {error}."
            ) from error
    return True


def free_port(address: str = HOST) -> int:
    """A port that nothing listens on."""
    with socket.socket(_family(address)) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _url(address: str, port: int) -> str:
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
