"""`--wait`: show progress until the runs, or the search, have ended."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from core.cli.exits import FAILED, INTERRUPTED
from core.cli.output import say
from core.cli.progress import run_progress, search_progress
from core.client import Client
from core.records.runs import Run, RunState
from core.records.searches import SearchRecord, SearchState


def watch(client: Client, run_ids: Sequence[str]) -> None:
    """Show progress until all runs have ended. Exits with 1 when one of them did not finish.

    Ctrl+C ends only the watching.
    """
    try:
        with run_progress() as show:
            runs = client.runs.wait(run_ids, on_change=show)
    except KeyboardInterrupt:
        ids = " ".join(each[:8] for each in run_ids)
        say(f"No longer watching. The runs continue in the background: {ids}")
        raise typer.Exit(INTERRUPTED) from None
    for run in runs:
        say(_run_ending(run))
    if any(run.state is not RunState.FINISHED for run in runs):
        raise typer.Exit(FAILED)


def watch_search(client: Client, search_id: str) -> None:
    """Show each trial that ends until the search has ended.

    Exits with 1 when it was paused, failed, or has no best trial. Ctrl+C ends only the watching.
    """
    try:
        with search_progress() as show:
            found = client.searches.wait(search_id, on_change=show)
    except KeyboardInterrupt:
        say(f"No longer watching. The search continues in the background: {search_id[:8]}")
        raise typer.Exit(INTERRUPTED) from None
    say(_search_ending(found))
    if found.state is not SearchState.FINISHED or found.best_number is None:
        raise typer.Exit(FAILED)


def _run_ending(run: Run) -> str:
    shown = f"{run.id[:8]} {run.name} (seed {run.seed}) {run.state}"
    if run.failure is not None:
        return f"{shown}: {run.failure.message}"
    if run.best is None:
        return f"{shown}."
    best = run.best
    return (
        f"{shown} after {run.epochs_done} epochs; best validation accuracy "
        f"{best.val_accuracy:.4f} in epoch {best.epoch}."
    )


def _search_ending(found: SearchRecord) -> str:
    shown = f"{found.id[:8]} {found.name} {found.state}"
    if found.reason:
        shown += f" ({found.reason})"
    if found.best_number is None or found.best_score is None:
        return f"{shown}; no trial has a score."
    return f"{shown}; best score {found.best_score:.4f} in trial {found.best_number}."
