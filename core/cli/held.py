"""`convscope release`, and the sentence of every command that shows a queue which is held."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.exits import say
from core.client import Client


def release(
    stop: Annotated[
        bool,
        typer.Option("--stop", help="Take it out of the queue instead; it can be resumed later."),
    ] = False,
) -> None:
    """Start what a results folder brought along.

    The runs and searches of a folder that you have not opened before wait until then.
    """
    client = Client()
    held = client.held_work()
    if held is None:
        say("Nothing is held here.")
        return
    if stop:
        client.stop_held_work()
        say(f"Stopped: {held}.")
    else:
        client.release_held_work()
        say(f"Released: {held}.")


def say_held(client: Client) -> None:
    """Say that nothing starts, where that is so."""
    held = client.held_work()
    if held is not None:
        say(
            f"The queue is held: you have not opened {client.settings.results} before, and it came "
            f"with {held}. convscope release starts them, convscope release --stop stops them."
        )
