"""Errors as sentences on standard error, and the exit code that says whose turn it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from core.cli.output import inert
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
"""The command itself was wrong: the user can correct it."""

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


def telling(command: Callable[P, T]) -> Callable[P, T]:
    """The command, with the lab's own errors as sentences instead of tracebacks."""

    @functools.wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except ConvscopeError as error:
            say(sentence(error))
            raise typer.Exit(USAGE if isinstance(error, _WRONG_COMMAND) else FAILED) from error

    return told


def sentence(error: ConvscopeError) -> str:
    """The error for a person: one line a wrong field, of an experiment or a search."""
    if isinstance(error, InvalidExperiment):
        lines = "\n".join(f"  {each}" for each in error.lines)
        return f"This cannot be launched:\n{lines}"
    return str(error)


def say(text: str) -> None:
    """A message for the person at the terminal: on standard error, and inert."""
    typer.echo("\n".join(inert(line) for line in text.split("\n")), err=True)


def fail(text: str, code: int = FAILED) -> typer.Exit:
    """Say why, and give the exception that ends the command: ``raise fail(...)``."""
    say(text)
    return typer.Exit(code)
