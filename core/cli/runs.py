"""`convscope runs`, `show` and `stop`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from core.cli.exits import FAILED, say
from core.cli.job_runner import say_why_nothing_starts
from core.cli.output import AsJson, inert, print_json, print_table
from core.client import Client
from core.errors import RunStateError
from core.records.runs import Best, Run, RunState

RunReference = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, or the start of one.")
]
_MOST_UNREADABLE = 10
References = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Ids of runs, or the starts of them.")
]


def runs(
    only: Annotated[
        list[RunState] | None, typer.Option("--state", help="Only these. Repeat for more.")
    ] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Archived ones too.")] = False,
    delete_unreadable: Annotated[
        bool,
        typer.Option(
            "--delete-unreadable", help="Delete the entries that cannot be read, and list the rest."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the runs, oldest first."""
    client = Client()
    if delete_unreadable:
        gone = client.unreadable.delete()
        say(f"{gone} entr{'y' if gone == 1 else 'ies'} that could not be read deleted.")
    say_unreadable(client)
    found = client.runs.list(states=only or None, include_archived=archived)
    say_why_nothing_starts(client)
    if as_json:
        print_json([_listed(run) for run in found])
        return
    if not found:
        say("No runs yet. Launch one: convscope run basic_cnn")
        return
    print_table(
        ["id", "name", "state", "preset", "data set", "seed", "epochs", "best val accuracy"],
        [
            [
                run.id[:8],
                run.name,
                run.state,
                run.preset or "",
                run.dataset,
                run.seed,
                f"{run.epochs_done}/{run.epochs}",
                run.best.val_accuracy if run.best else None,
            ]
            for run in found
        ],
    )


def say_unreadable(client: Client) -> None:
    """On standard error: entries that are missing from every list, and how to be rid of them."""
    rows = client.unreadable.list()
    if not rows:
        return
    for row in rows[:_MOST_UNREADABLE]:
        say(f"Cannot be read: {row.sentence}")
    more = len(rows) - _MOST_UNREADABLE
    say(
        (f"and {more:,} more. " if more > 0 else "")
        + "convscope runs --delete-unreadable deletes them; nothing else is touched."
    )


def show(reference: RunReference, as_json: AsJson = False) -> None:
    """Show one run.

    State, configuration, history, best epoch, artifacts, events and what went wrong.
    """
    client = Client()
    run = client.runs.get(reference)
    shown = details(client, run)
    if run.state.is_active:
        say_why_nothing_starts(client)
    if as_json:
        print_json(shown)
        return
    _print_details(shown)


def stop(references: References, as_json: AsJson = False) -> None:
    """Stop runs.

    At once in the queue, else after the batch at work. Resumed, a run begins that epoch again.
    """
    client = Client()
    found = [client.runs.get(each) for each in references]
    all_done = for_each_run(found, client.runs.stop)
    if as_json:
        print_json({"runs": states(client, found)})
    else:
        tell_states(client, found)
    if not all_done:
        raise typer.Exit(FAILED)


def details(client: Client, run: Run) -> dict[str, Any]:
    """Everything known about a run, in plain types."""
    return _listed(run) | {
        "attempt": run.attempt,
        "seed": run.seed,
        "epochs": run.epochs,
        "engine": run.engine,
        "device": run.device,
        "tags": list(run.tags),
        "notes": run.notes,
        "created_at": moment(run.created_at),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "config": run.config,
        "history": client.metrics.history(run.id),
        "test": client.metrics.test_scores(run.id),
        "artifacts": [
            _without_run(asdict(each)) | {"created_at": moment(each.created_at)}
            for each in client.artifacts.list(run.id)
        ],
        "events": [
            _without_run(asdict(each)) | {"at": moment(each.at)}
            for each in client.runs.events(run.id)
        ],
        "error": None if run.failure is None else asdict(run.failure),
    }


def for_each_run(runs: list[Run], verb: Callable[[str], None]) -> bool:
    """Apply a verb to every run; one that its run's state does not allow is reported.

    Returns whether all were done.
    """
    refused = False
    for run in runs:
        try:
            verb(run.id)
        except RunStateError as error:
            say(f"{run.id[:8]} {run.name}: {error}")
            refused = True
    return not refused


def _listed(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "state": run.state,
        "preset": run.preset,
        "dataset": run.dataset,
        "epochs_done": run.epochs_done,
        "best": _best(run.best),
    }


def _best(best: Best | None) -> dict[str, Any] | None:
    return None if best is None else asdict(best)


def _without_run(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "run_id"}


def moment(at: datetime | None) -> str | None:
    """A time as JSON tells it."""
    return None if at is None else at.isoformat()


def states(client: Client, found: list[Run]) -> list[dict[str, Any]]:
    """Where runs are now, as JSON tells it."""
    now = client.runs.list(ids=[run.id for run in found])
    return [{"id": run.id, "state": run.state} for run in now]


def tell_states(client: Client, found: list[Run]) -> None:
    """A line for each run: what has become of it."""
    for run in client.runs.list(ids=[run.id for run in found]):
        typer.echo(f"{run.id[:8]}  {inert(run.name)}  {run.state}")


def _print_details(shown: dict[str, Any]) -> None:
    best = shown["best"]
    typer.echo(f"{inert(shown['name'])}  {shown['id']}")
    typer.echo(
        f"{shown['state']}, attempt {shown['attempt']}, {shown['epochs_done']} of "
        f"{shown['epochs']} epochs on {shown['dataset']}, seed {shown['seed']}"
    )
    if best is not None:
        typer.echo(f"best validation accuracy {best['val_accuracy']:.4f} in epoch {best['epoch']}")
    if shown["error"] is not None:
        typer.echo(f"error ({shown['error']['code']}): {shown['error']['message']}")
    names = ["loss", "accuracy", "val_loss", "val_accuracy"]
    rows = [[row["epoch"], *(row.get(name) for name in names)] for row in shown["history"]]
    for title, headings, table in (
        ("History", ["epoch", *names], rows),
        (
            "Events",
            ["at", "attempt", "what"],
            [
                [each["at"][:19], each["attempt"], f"{each['after']}: {each['reason']}"]
                for each in shown["events"]
            ],
        ),
        (
            "Artifacts",
            ["kind", "epoch", "bytes", "path"],
            [
                [each["kind"], each["epoch"], each["num_bytes"], each["path"]]
                for each in shown["artifacts"]
            ],
        ),
    ):
        if table:
            typer.echo(f"\n{title}")
            print_table(headings, table)
