"""One sentence on standard error when runs or searches wait and nothing starts them."""

from __future__ import annotations

import time

from core.cli.exits import say
from core.client import Client
from core.records.runs import HeldWork, HoldReason, RunState
from core.records.searches import SearchState

_WAY_OUT = "Start one with convscope worker, or open the page with convscope serve."


def say_why_nothing_starts(client: Client) -> None:
    """Say that the queue is held, or that no job runner works while runs or searches need one."""
    held = client.held_work.get()
    if held is not None:
        say(f"The queue is held: {_why(held, client)}")
        return
    status = client.machine.supervisor()
    if status.is_running or not _is_needed(client):
        return
    if status.is_hung:
        silent_s = abs(time.time() - (status.heartbeat_at or 0.0))
        say(
            f"The job runner (process {status.pid}) has shown no life for {silent_s:.0f} s. "
            "It is replaced by convscope worker, or by the page (convscope serve)."
        )
        return
    say(f"No job runner is active, so queued runs do not start. {_WAY_OUT}")


def _why(held: HeldWork, client: Client) -> str:
    results, config = client.settings.results, client.settings.config
    if held.reason is HoldReason.NOT_STORABLE:
        return (
            f"{results} contains {held}, and {config}, where it is stored which results folders "
            "you have opened, cannot be written to. Make it writable, or set CONVSCOPE_CONFIG to "
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
