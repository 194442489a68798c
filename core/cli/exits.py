"""Exit codes, and the lab's errors as sentences instead of tracebacks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from core.cli.output import say
from core.errors import (
    AddressRefused,
    ConvscopeError,
    InvalidExperiment,
    InvalidText,
    RunNotFound,
    SearchNotFound,
    UnknownDataset,
    UnknownPreset,
)

FAILED = 1
"""Something went wrong: a run failed, an image was refused, the store cannot be used."""
USAGE = 2
"""The command was wrong; the user can correct it."""
INTERRUPTED = 130
"""Ctrl+C."""

_WRONG_COMMAND = (
    InvalidExperiment,
    InvalidText,
    UnknownPreset,
    UnknownDataset,
    RunNotFound,
    SearchNotFound,
    AddressRefused,
)

P = ParamSpec("P")
T = TypeVar("T")


def report_errors(command: Callable[P, T]) -> Callable[P, T]:
    """The command, which now prints an error of the lab and exits with the code for it."""

    @functools.wraps(command)
    def reporting(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except ConvscopeError as error:
            say(_sentence(error))
            raise typer.Exit(USAGE if isinstance(error, _WRONG_COMMAND) else FAILED) from error

    return reporting


def fail(text: str, code: int = FAILED) -> typer.Exit:
    """Print why the command fails, and return the exception that ends it: ``raise fail(...)``."""
    say(text)
    return typer.Exit(code)


def _sentence(error: ConvscopeError) -> str:
    """The error as text; one line per wrong field of an experiment or a search."""
    if isinstance(error, InvalidExperiment):
        lines = "\n".join(f"  {each}" for each in error.lines)
        return f"This cannot be launched:\n{lines}"
    return str(error)
