"""The command and its subcommands."""

from __future__ import annotations

import logging
import sys
from typing import Any

import typer

# Typer brings its own copy of Click and gives these names no other place (Typer 0.29).
from typer._click.core import Context
from typer._click.exceptions import UsageError
from typer.core import TyperGroup

from core.cli import data, experiments, held, machine, predictions, resume, runs, searches
from core.cli.exits import telling
from core.cli.store import store
from core.text import printable, shorten

_MOST_SAID = 300


class _Group(TyperGroup):
    """Typer's own, which quotes a wrong argument in full, be it 100 kB."""

    def invoke(self, ctx: Context) -> Any:
        """Run the command; what is wrong with its arguments is said in a line."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            error.message = shorten(printable(error.message), _MOST_SAID)
            raise


app = typer.Typer(
    name="convscope",
    cls=_Group,
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
    *(runs.runs, runs.show, runs.stop, resume.resume),
    *(searches.search, searches.searches, searches.trials),
    *(searches.pause, searches.end, searches.promote),
    *(predictions.predict, data.data, held.release, machine.worker, machine.serve),
):
    app.command()(telling(_command))
app.add_typer(store, name="store")
