"""`convscope store`: the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.exits import FAILED, say, telling
from core.cli.output import AsJson, print_json, print_table
from core.client import Client

if TYPE_CHECKING:
    from core.jobs.rebuild import Rebuilt

store = typer.Typer(
    help="The database of the lab: make it again when it was lost.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@store.command()
@telling
def rebuild(
    force: Annotated[
        bool, typer.Option("--force", help="Also replace a database that is in order.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a new database from the runs' folders.

    The old files are moved aside. Searches, queued runs and events are lost.
    """
    rebuilt = Client().rebuild_store(force=force)
    if as_json:
        print_json(_as_dict(rebuilt))
    else:
        _print(rebuilt)
    if rebuilt.refused:
        raise typer.Exit(FAILED)


def _as_dict(rebuilt: Rebuilt) -> dict[str, Any]:
    return {
        "runs": [
            {
                "id": each.run.id,
                "name": each.run.name,
                "state": each.run.state,
                "epochs_done": each.run.epochs_done,
                "epochs": each.run.epochs,
                "remarks": list(each.remarks),
            }
            for each in rebuilt.runs
        ],
        "refused": [{"id": each.run_id, "reason": each.reason} for each in rebuilt.refused],
        "moved": [str(path) for path in rebuilt.moved],
        "lost_searches": rebuilt.num_searches,
    }


def _print(rebuilt: Rebuilt) -> None:
    if rebuilt.runs:
        print_table(
            ["id", "name", "state", "epochs", "remarks"],
            [
                [
                    each.run.id[:8],
                    each.run.name,
                    each.run.state,
                    f"{each.run.epochs_done}/{each.run.epochs}",
                    " ".join(each.remarks),
                ]
                for each in rebuilt.runs
            ],
        )
    num_runs = len(rebuilt.runs)
    rebuilt_runs = "1 run was" if num_runs == 1 else f"{num_runs} runs were"
    say(f"{rebuilt_runs} rebuilt. Stopped ones can be resumed.")
    for refused in rebuilt.refused:
        say(f"Not rebuilt, and left as it is: runs/{refused.run_id}. {refused.reason}")
    if rebuilt.num_searches:
        lost = (
            "1 search is" if rebuilt.num_searches == 1 else f"{rebuilt.num_searches} searches are"
        )
        say(
            f"{lost} lost. Their runs are plain runs now, tagged with "
            "the search's id; their best networks stay in searches/."
        )
    for path in rebuilt.moved:
        say(f"The old file is kept as {path}.")
