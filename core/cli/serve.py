"""`convscope serve`: the dashboard."""

from __future__ import annotations

import errno
import os
import socket
import sys
from typing import Annotated

import typer

from core import access
from core.cli.exits import fail
from core.cli.output import say
from core.client import Client
from core.errors import AddressRefused, ConvscopeError
from core.settings import PROJECT_ROOT, Settings

HOST = "127.0.0.1"
DEFAULT_PORT = 8501


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port of the page.")] = (
        DEFAULT_PORT
    ),
    address: Annotated[
        str, typer.Option(help="The address to listen on. Any but loopback needs --behind-proxy.")
    ] = HOST,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Another host name under which the page may be opened, for instance "
            "lab.example, lab.example:8443 or https://lab.example. Repeatable."
        ),
    ] = None,
    behind_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-proxy",
            help="Confirm that a proxy in front of the page asks for a login; the page has none.",
        ),
    ] = False,
) -> None:
    """Serve the dashboard until Ctrl+C.

    On 127.0.0.1, unless --address changes it. Runs continue without it.
    """
    _configure_access(address, allow_host or [], behind_proxy=behind_proxy)
    if not is_free(port, address):
        raise fail(
            f"Port {port} on {address} is in use, perhaps by this lab in another window. Open "
            f"{_url(address, port)}, or choose another port: convscope serve --port "
            f"{free_port(address)}."
        )
    _start_supervisor()
    typer.echo(f"Convscope: {_url(address, port)} (Ctrl+C ends the page; runs continue)")
    sys.stdout.flush()
    # Relative paths in the settings are relative to the folder that this command was called from.
    os.environ.update(Settings.from_environment().to_environment())
    os.chdir(PROJECT_ROOT)  # Streamlit reads .streamlit/config.toml from the current folder
    command = ["-m", "streamlit", "run", "dashboard/app.py"]
    options = ["--server.port", str(port), "--server.address", address]
    # This process becomes the server, so that Ctrl+C and signals reach it directly.
    os.execv(sys.executable, [sys.executable, *command, *options])  # noqa: S606


def _configure_access(address: str, hosts: list[str], *, behind_proxy: bool) -> None:
    """Put the options into the environment for the server, and check them before it starts."""
    configured = os.environ.get(access.ALLOWED_HOSTS, "").split(",")
    os.environ[access.ALLOWED_HOSTS] = ",".join(filter(None, [*configured, *hosts]))
    if behind_proxy:
        os.environ[access.BEHIND_PROXY] = "1"
    access.Access.from_environment().check_address(address)


def _start_supervisor() -> None:
    # Runs that were queued earlier start as soon as the lab is open.
    from core.store.database import warn_about_old_sqlite

    warn_about_old_sqlite()
    try:
        Client().machine.ensure_supervisor()
    except ConvscopeError as error:
        say(f"{error} The page shows this too, with a button to try again.")


def is_free(port: int, address: str = HOST) -> bool:
    """Whether nothing listens on the port. Raises AddressRefused for an address of no interface."""
    with socket.socket(_family(address)) as probe:
        # As the server does: a port in TIME_WAIT after a restart counts as free.
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
