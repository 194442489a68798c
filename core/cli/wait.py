"""`--wait`: progress on standard error until every run, or the search, has ended."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from core.cli.exits import FAILED, say
from core.cli.output import inert
from core.client import Client
from core.records.runs import Progress, Run, RunState
from core.records.searches import SearchRecord, SearchState, Trial

_INTERRUPTED = 130


def watch(client: Client, run_ids: Sequence[str]) -> None:
    """Show progress until all have ended. Ends the command with 1 when one did not finish.

    Ctrl+C ends only the watching.
    """
    progress = _Progress(live=sys.stderr.isatty())
    try:
        runs = client.runs.wait(run_ids, on_change=progress.show)
    except KeyboardInterrupt:
        progress.end_line()
        shown = " ".join(each[:8] for each in run_ids)
        say(f"No longer watching; the runs go on in the background: {shown}")
        raise typer.Exit(_INTERRUPTED) from None
    progress.end_line()
    for run in runs:
        say(_ending(run))
    if any(run.state is not RunState.FINISHED for run in runs):
        raise typer.Exit(FAILED)


class _Progress:
    """One line that is written over at a terminal; elsewhere a line for each finished epoch."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._told: set[tuple[str, str, int]] = set()
        self._width = 0

    def show(self, runs: list[Run]) -> None:
        """Called whenever something changed."""
        if self._live:
            line = "   ".join(progress_line(run) for run in runs if run.state.is_active)[:160]
            typer.echo("\r" + line.ljust(self._width), err=True, nl=False)
            self._width = len(line)
            return
        for run in runs:
            told = (run.id, run.state, run.epochs_done)
            if told not in self._told:
                self._told.add(told)
                say(progress_line(run))

    def end_line(self) -> None:
        """Leave the line that was written over."""
        if self._live and self._width:
            say("")


def progress_line(run: Run) -> str:
    """A run's state in one line, with the numbers of the phase at work."""
    head = f"{inert(run.name)} (seed {run.seed}): {run.state}"
    if run.state is RunState.QUEUED:
        return head
    head += f", epoch {run.epochs_done}/{run.epochs}"
    progress = run.progress
    if progress is not None and run.state.is_active:
        head += f", {progress.phase}{_share(progress)}"
    if run.best is not None:
        head += f", best validation accuracy {run.best.val_accuracy:.4f}"
    return head


def _share(progress: Progress) -> str:
    if progress.batches is not None:
        done, total = progress.batches
        return f" {done}/{total}"
    return "" if progress.fraction is None else f" {100 * progress.fraction:.0f} %"


def _ending(run: Run) -> str:
    shown = f"{run.id[:8]} {inert(run.name)} (seed {run.seed}) {run.state}"
    if run.failure is not None:
        return f"{shown}: {run.failure.message}"
    if run.best is None:
        return f"{shown}."
    best = run.best
    return (
        f"{shown} after {run.epochs_done} epochs; best validation accuracy "
        f"{best.val_accuracy:.4f} in epoch {best.epoch}."
    )


def watch_search(client: Client, search_id: str) -> None:
    """Show the trials as they end, until the search has. Ends the command with 1 when it rests
    or failed, or found nothing.

    Ctrl+C ends only the watching.
    """
    told: set[int] = set()

    def show(found: SearchRecord, trials: list[Trial]) -> None:
        for trial in trials:
            if trial.state.is_ended and trial.number not in told:
                told.add(trial.number)
                say(_trial_ending(trial, found.budget["max_trials"]))

    try:
        found = client.searches.wait(search_id, on_change=show)
    except KeyboardInterrupt:
        say(f"No longer watching; the search goes on in the background: {search_id[:8]}")
        raise typer.Exit(_INTERRUPTED) from None
    say(_search_ending(found))
    if found.state is not SearchState.FINISHED or found.best_number is None:
        raise typer.Exit(FAILED)


def _trial_ending(trial: Trial, num_trials: int) -> str:
    values = ", ".join(f"{name} {_value(value)}" for name, value in trial.values.items())
    score = "" if trial.score is None else f", score {trial.score:.4f}"
    reason = f" ({trial.reason})" if trial.reason else ""
    return f"trial {trial.number} of {num_trials} {trial.state}{score}: {values}{reason}"


def _search_ending(found: SearchRecord) -> str:
    shown = f"{found.id[:8]} {inert(found.name)} {found.state}"
    if found.reason:
        shown += f" ({found.reason})"
    if found.best_number is None or found.best_score is None:
        return f"{shown}; no trial has a score."
    return f"{shown}; best score {found.best_score:.4f} in trial {found.best_number}."


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else inert(str(value))
