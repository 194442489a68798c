"""`convscope worker` and `release`, and the message when nothing starts queued runs.

People read "job runner"; the code calls that process the supervisor.
"""

from __future__ import annotations

import logging
import time
from typing import Annotated

import typer

from core.cli.exits import fail
from core.cli.output import say
from core.client import Client
from core.records.runs import HeldWork, HoldReason, RunState
from core.records.searches import SearchState


def worker(
    stop: Annotated[
        bool,
        typer.Option("--stop", help="End the job runner instead. Runs that are training continue."),
    ] = False,
) -> None:
    """Run the job runner in the foreground.

    It starts queued runs and watches them. It replaces one that does not respond.
    """
    client = Client()
    if stop:
        found = client.machine.supervisor()
        was_active = found.process is not None and found.process.is_alive()
        client.machine.stop_supervisor()
        say("The job runner has ended." if was_active else "No job runner was active.")
        return
    # Imported here: the other commands do not need it.
    from core.jobs.supervisor import end_hung_supervisor, run_supervisor

    logging.getLogger("core").setLevel(logging.INFO)
    say(
        f"Working on {client.settings.results}. Ctrl+C ends the job runner; runs that are "
        "training continue."
    )
    end_hung_supervisor(client.settings)
    if not run_supervisor(client.settings):
        status = client.machine.supervisor()
        raise fail(
            f"Another job runner (process {status.pid}) is active here already. "
            "convscope worker --stop ends it."
        )


def release(
    stop: Annotated[
        bool,
        typer.Option(
            "--stop", help="Take them out of the queue instead. They can be resumed later."
        ),
    ] = False,
    with_links: Annotated[
        bool,
        typer.Option(
            "--with-links",
            help="Open the folder although it contains links or special files. "
            "Only for links that you made yourself.",
        ),
    ] = False,
) -> None:
    """Start the runs and searches of a results folder.

    A folder that you have not opened before starts nothing until you release it.
    """
    client = Client()
    if with_links:
        client.held_work.accept_links()
        say("The folder is open, with its links.")
    held = client.held_work.get()
    if with_links and held is not None and not stop:
        # Its content was not shown before: a second command starts it.
        say(f"It contains {held}. convscope release starts them.")
        return
    if held is None:
        say("Nothing is held here.")
        return
    if stop:
        client.held_work.stop()
        say(f"Stopped: {held}.")
    else:
        client.held_work.release()
        say(f"Released: {held}.")


def say_why_nothing_starts(client: Client) -> None:
    """Say that the queue is held, or that runs or searches wait and no job runner is active."""
    held = client.held_work.get()
    if held is not None:
        say(f"The queue is held: {_reason(held, client)}")
        return
    status = client.machine.supervisor()
    if status.is_running or not _is_needed(client):
        return
    if status.is_hung:
        silent_s = abs(time.time() - (status.heartbeat_at or 0.0))
        say(
            f"The job runner (process {status.pid}) has not responded for {silent_s:.0f} s. "
            "Replace it with convscope worker, or open the page with convscope serve."
        )
        return
    say(
        "No job runner is active, so queued runs do not start. "
        "Start one with convscope worker, or open the page with convscope serve."
    )


def _reason(held: HeldWork, client: Client) -> str:
    results, config = client.settings.results, client.settings.config
    if held.reason is HoldReason.NOT_STORABLE:
        return (
            f"{results} contains {held}, and {config} cannot be written to. The lab records there "
            "which results folders you have opened. Make it writable, or set CONVSCOPE_CONFIG to "
            "another folder."
        )
    return (
        f"you have not opened {results} before, and it contains {held}. convscope release starts "
        "them, convscope release --stop takes them out of the queue."
    )


def _is_needed(client: Client) -> bool:
    active = [RunState.QUEUED, RunState.RUNNING, RunState.STOPPING]
    if client.runs.list(states=active, include_archived=True):
        return True
    return any(each.state is SearchState.RUNNING for each in client.searches.list())
