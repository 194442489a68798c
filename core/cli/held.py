"""`convscope release`: start, or stop, what a results folder brought along."""

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
    with_links: Annotated[
        bool,
        typer.Option(
            "--with-links",
            help="Open the folder although it holds links or special files: you made them.",
        ),
    ] = False,
) -> None:
    """Start what a results folder contains.

    The runs and searches of a folder that you have not opened before wait until then.
    """
    client = Client()
    if with_links:
        client.held_work.accept_links()
        say("The folder is open, with its links.")
    held = client.held_work.get()
    if with_links and held is not None and not stop:
        # What it contains could not be seen before: a second command starts it.
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
