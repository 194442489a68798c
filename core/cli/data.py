"""`convscope data`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from core.cli.exits import INTERRUPTED, fail
from core.cli.output import AsJson, print_json, print_table, say
from core.cli.progress import progress_bars
from core.client import Client
from core.datasets.status import DatasetState, DatasetStatus
from core.text import printable

_POLL_S = 0.1


def data(
    prepare: Annotated[
        str | None, typer.Option(metavar="NAME", help="Fetch and decode this data set.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the data sets, or prepare one.

    Shows which are ready and which can be fetched.
    """
    client = Client()
    if prepare is not None:
        _prepare(client, prepare)
    found = client.datasets.list() if prepare is None else [client.datasets.get(prepare)]
    if as_json:
        print_json([_row(client, each) for each in found])
        return
    print_table(
        ["name", "state", "details"], [[each.name, each.state, each.sentence] for each in found]
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
    client.datasets.prepare(name)
    try:
        with _status_progress(name) as show:
            status = _wait_until_prepared(client, name, show)
    except KeyboardInterrupt:
        say(f"No longer watching. {name} is still being prepared in the background.")
        raise typer.Exit(INTERRUPTED) from None
    if status.state is not DatasetState.READY:
        raise fail(status.sentence)


def _wait_until_prepared(
    client: Client, name: str, show: Callable[[DatasetStatus], None]
) -> DatasetStatus:
    while (status := client.datasets.get(name)).state is DatasetState.PREPARING:
        show(status)
        time.sleep(_POLL_S)
    return status


@contextmanager
def _status_progress(name: str) -> Iterator[Callable[[DatasetStatus], None]]:
    """A function that shows how far a data set is: a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda status: None
        return
    with progress_bars() as bars:
        task = bars.add_task(name, total=1.0, detail="")

        def show(status: DatasetStatus) -> None:
            fraction = status.progress.fraction if status.progress else 0.0
            bars.update(task, completed=fraction, detail=printable(status.sentence))

        yield show
