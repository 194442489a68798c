"""The command and its subcommands."""

from __future__ import annotations

import logging
import sys

import typer

from core.cli import data, experiments, machine, predictions, resuming, runs, searches
from core.cli.exits import telling
from core.cli.store import store

app = typer.Typer(
    name="convscope",
    help="A lab for convolutional networks: configure, train, compare and predict. "
    "Runs train in the background; the dashboard shows the same ones.",
    no_args_is_help=True,
    add_completion=False,
    # Plain help opens in half the time, and reads the same in a pipe.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _before_every_command() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)


for _command in (
    *(experiments.presets, experiments.describe, experiments.run),
    *(runs.runs, runs.show, runs.stop, resuming.resume),
    *(searches.search, searches.searches, searches.trials),
    *(searches.pause, searches.end, searches.promote),
    *(predictions.predict, data.data, machine.worker, machine.serve),
):
    app.command()(telling(_command))
app.add_typer(store, name="store")
