"""`convscope search`, `searches`, `trials`, `pause`, `end` and `promote`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.exits import FAILED
from core.cli.experiments import Assignments, numbers
from core.cli.job_runner import say_why_nothing_starts
from core.cli.output import AsJson, print_json, print_table, say
from core.cli.runs import moment
from core.cli.wait import watch, watch_search
from core.client import Client
from core.errors import SearchStateError
from core.text import printable

if TYPE_CHECKING:
    from core.client.search.promotions import Promotion
    from core.records.searches import SearchRecord, Trial

SearchReference = Annotated[
    str, typer.Argument(metavar="SEARCH", help="A search's name, its id, or the id's start.")
]
SearchReferences = Annotated[
    list[str], typer.Argument(metavar="SEARCH...", help="Names or ids of searches.")
]


def search(
    reference: Annotated[
        str, typer.Argument(metavar="PRESET|FILE", help="A search preset's name, or a TOML file.")
    ],
    assignments: Assignments = None,
    trials: Annotated[int | None, typer.Option(help="Maximum number of trials.")] = None,
    parallel: Annotated[int | None, typer.Option(help="Maximum number of parallel trials.")] = None,
    name: Annotated[str | None, typer.Option(help="The search's name.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress until it has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Search for better hyperparameters in the background.

    --set changes the experiment that all trials are based on.
    """
    client = Client()
    wanted, preset = client.search_drafts.read_adjusted(
        reference, assignments or (), max_trials=trials, parallel=parallel, name=name
    )
    found = client.searches.submit(wanted, preset=preset)
    if as_json:
        print_json({"search": found.id})
    else:
        typer.echo(f"{found.id}  {printable(found.name)}")
    _say_when_slots_are_few(client, wanted.budget.parallel)
    say_why_nothing_starts(client)
    if not wait:
        say("Searching in the background. See convscope trials SEARCH.")
        return
    watch_search(client, found.id)


def searches(as_json: AsJson = False) -> None:
    """List the searches, oldest first."""
    client = Client()
    found = client.searches.list()
    say_why_nothing_starts(client)
    if as_json:
        print_json([listed(each) for each in found])
        return
    if not found:
        say("No searches yet. Start one: convscope search lab_search")
        return
    print_table(
        ["id", "name", "state", "preset", "trials", "best trial", "best score", "reason"],
        [
            [
                each.id[:8],
                each.name,
                each.state,
                each.preset or "",
                f"{each.num_done}/{each.budget['max_trials']}",
                each.best_number,
                each.best_score,
                each.reason or "",
            ]
            for each in found
        ],
    )


def trials(reference: SearchReference, as_json: AsJson = False) -> None:
    """List the trials of a search.

    With the values, score and runs of each.
    """
    client = Client()
    found = client.trials.list(reference)
    say_why_nothing_starts(client)
    if as_json:
        print_json([_trial(each) for each in found])
        return
    if not found:
        say("No trials yet.")
        return
    names = list(dict.fromkeys(name for each in found for name in each.values))
    print_table(
        ["trial", "state", "score", *names, "runs"],
        [
            [
                each.number,
                each.state,
                each.score,
                *(each.values.get(name) for name in names),
                " ".join(run_id[:8] for run_id in each.run_ids),
            ]
            for each in found
        ],
    )


def pause(references: SearchReferences, as_json: AsJson = False) -> None:
    """Pause searches.

    Running trials finish; no new ones start until the search is resumed.
    """
    client = Client()
    _for_each(client, references, client.searches.pause, as_json)


def end(references: SearchReferences, as_json: AsJson = False) -> None:
    """End searches.

    Running trials are stopped; all results are kept.
    """
    client = Client()
    _for_each(client, references, client.searches.end, as_json)


def promote(
    reference: SearchReference,
    top: Annotated[int, typer.Option(min=1, max=100, help="How many of the best trials.")] = 1,
    seeds: Annotated[
        str, typer.Option(metavar="1,2,3", help="Train each trial once per seed.")
    ] = "1,2,3",
    wait: Annotated[
        bool, typer.Option("--wait", help="Show progress until all have ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Retrain the best trials with the full training schedule.

    Several seeds show how much of a score was luck. Nothing is trained twice: called again, the
    command shows the results.
    """
    client = Client()
    found = client.searches.get(reference)
    client.trials.promote(found.id, top=top, seeds=numbers("seeds", seeds))
    if wait:
        ids = [run_id for each in client.trials.promotions(found.id) for run_id in each.run_ids]
        try:
            watch(client, ids)
        finally:
            _show_promotions(found, client.trials.promotions(found.id), as_json)
        return
    _show_promotions(found, client.trials.promotions(found.id), as_json)


def listed(found: SearchRecord) -> dict[str, Any]:
    """A search for JSON."""
    return {
        "id": found.id,
        "name": found.name,
        "state": found.state,
        "reason": found.reason,
        "preset": found.preset,
        "trials": found.num_trials,
        "trials_done": found.num_done,
        "max_trials": found.budget["max_trials"],
        "best": None
        if found.best_number is None
        else {"number": found.best_number, "score": found.best_score},
        "created_at": moment(found.created_at),
        "finished_at": moment(found.finished_at),
    }


def for_each_search(found: Sequence[SearchRecord], verb: Callable[[str], object]) -> bool:
    """Apply a verb to every search, and say which searches are not in a state for it.

    Returns whether it was done for all.
    """
    refused = False
    for each in found:
        try:
            verb(each.id)
        except SearchStateError as error:
            say(f"{each.id[:8]} {each.name}: {error}")
            refused = True
    return not refused


def print_searches(found: Sequence[SearchRecord]) -> None:
    """Print a line per search: its state."""
    for each in found:
        typer.echo(f"{each.id[:8]}  {printable(each.name)}  {each.state}")


def search_states(found: Sequence[SearchRecord]) -> list[dict[str, Any]]:
    """The states of searches, for JSON."""
    return [{"id": each.id, "state": each.state} for each in found]


def _say_when_slots_are_few(client: Client, parallel: int) -> None:
    slots = len(client.machine.slots().names)
    if parallel > slots:
        trials = "1 trial runs" if slots == 1 else f"{slots} trials run"
        say(f"At most {trials} at the same time here. The Overview page sets how many on the CPU.")


def _for_each(
    client: Client, references: list[str], verb: Callable[[str], object], as_json: bool
) -> None:
    found = [client.searches.get(each) for each in references]
    all_done = for_each_search(found, verb)
    now = [client.searches.get(each.id) for each in found]
    if as_json:
        print_json({"searches": search_states(now)})
    else:
        print_searches(now)
    if not all_done:
        raise typer.Exit(FAILED)


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "number": trial.number,
        "state": trial.state,
        "values": trial.values,
        "score": trial.score,
        "best_epoch": trial.best_epoch,
        "epochs": trial.epochs,
        "origin": trial.origin,
        "reason": trial.reason,
        "runs": list(trial.run_ids),
    }


def _show_promotions(found: SearchRecord, promotions: Sequence[Promotion], as_json: bool) -> None:
    if as_json:
        print_json({"search": found.id, "promotions": [asdict(each) for each in promotions]})
        return
    print_table(
        ["trial", "search score", "mean score", "std", "seeds", "test score", "runs"],
        [
            [
                each.number,
                each.search_score,
                each.mean,
                each.std,
                f"{len(each.scores)}/{len(each.run_ids)}",
                each.test,
                " ".join(run_id[:8] for run_id in each.run_ids),
            ]
            for each in promotions
        ],
    )
