"""`convscope data`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.exits import fail, say
from core.cli.output import AsJson, print_json, print_table
from core.client import Client

if TYPE_CHECKING:
    from core.datasets.status import DatasetStatus

_POLL_S = 0.1
_BAR_WIDTH = 30


def data(
    prepare: Annotated[
        str | None, typer.Option(metavar="NAME", help="Fetch and decode this data set now.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the data sets, or prepare one.

    Which are here, and which can be fetched.
    """
    client = Client()
    if prepare is not None:
        _prepare(client, prepare)
    found = client.datasets.list() if prepare is None else [client.datasets.get(prepare)]
    if as_json:
        print_json([_row(client, each) for each in found])
        return
    print_table(
        ["name", "state", "what"], [[each.name, each.state, each.sentence] for each in found]
    )


def _row(client: Client, status: DatasetStatus) -> dict[str, Any]:
    info = client.datasets.info(status.name)
    return {
        "name": status.name,
        "state": status.state,
        "title": info.title,
        "image_shape": list(info.image_shape),
        "num_classes": info.num_classes,
        "train_size": info.train_size,
        "test_size": info.test_size,
        "download_bytes": info.download_bytes,
        "source": None if status.source_path is None else str(status.source_path),
        "message": status.sentence,
    }


def _prepare(client: Client, name: str) -> None:
    from core.datasets.status import DatasetState

    client.datasets.prepare(name)
    live, said = sys.stderr.isatty(), ""
    try:
        while (status := client.datasets.get(name)).state is DatasetState.PREPARING:
            progress = status.progress
            text = _bar(progress.fraction if progress else 0.0, status.sentence)
            if live and text != said:
                typer.echo(f"\r{text.ljust(len(said))}", err=True, nl=False)
                said = text
            time.sleep(_POLL_S)
    except KeyboardInterrupt:
        say(f"\nNo longer watching; {name} is prepared in the background.")
        raise typer.Exit(130) from None
    if said:
        say("")
    if status.state is not DatasetState.READY:
        raise fail(status.sentence)


def _bar(fraction: float, sentence: str) -> str:
    done = int(fraction * _BAR_WIDTH)
    return f"[{'#' * done}{'.' * (_BAR_WIDTH - done)}] {fraction:4.0%}  {sentence}"
