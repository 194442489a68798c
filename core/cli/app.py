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

from core.cli import data, experiments, job_runner, predictions, resume, runs, searches, serve
from core.cli.exits import report_errors
from core.cli.store import store
from core.text import printable, shorten

_LONGEST_MESSAGE = 300


class _Group(TyperGroup):
    """Shortens Typer's messages, which quote a wrong argument in full, even one of 100 kB."""

    def invoke(self, ctx: Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            error.message = shorten(printable(error.message), _LONGEST_MESSAGE)
            raise


app = typer.Typer(
    name="convscope",
    cls=_Group,
    help="A lab for convolutional networks: configure, train, compare and predict. "
    "Runs train in the background; the dashboard shows the same runs.",
    no_args_is_help=True,
    add_completion=False,
    # Plain help opens in half the time, and reads the same in a pipe.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _configure_logging() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)


for _command in (
    *(experiments.presets, experiments.describe, experiments.run),
    *(runs.runs, runs.show, runs.stop, resume.resume),
    *(searches.search, searches.searches, searches.trials),
    *(searches.pause, searches.end, searches.promote),
    *(predictions.predict, data.data, job_runner.release, job_runner.worker, serve.serve),
):
    app.command()(report_errors(_command))
app.add_typer(store, name="store")
