"""`convscope search`, `searches`, `trials`, `pause`, `end` and `promote`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.exits import FAILED, say
from core.cli.experiments import Assignments, numbers
from core.cli.job_runner import say_why_nothing_starts
from core.cli.output import AsJson, inert, print_json, print_table
from core.cli.runs import moment
from core.cli.wait import watch, watch_search
from core.client import Client
from core.errors import SearchStateError

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
        str, typer.Argument(metavar="PRESET|FILE", help="A search's preset, or a TOML file.")
    ],
    assignments: Assignments = None,
    trials: Annotated[int | None, typer.Option(help="How many trials at most.")] = None,
    parallel: Annotated[int | None, typer.Option(help="How many trials at a time.")] = None,
    name: Annotated[str | None, typer.Option(help="What the search is called.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Show progress and return when it has ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Search for better values in the background.

    --set changes the experiment that every trial starts from.
    """
    client = Client()
    wanted, preset = client.search_drafts.read_adjusted(
        reference, assignments or (), max_trials=trials, parallel=parallel, name=name
    )
    found = client.searches.submit(wanted, preset=preset)
    if as_json:
        print_json({"search": found.id})
    else:
        typer.echo(f"{found.id}  {inert(found.name)}")
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

    What each tried, what it scored, and the runs that trained it.
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
    """Let searches rest.

    Trials that train go on to their end; no new ones begin before resume.
    """
    client = Client()
    _for_each(client, references, client.searches.pause, as_json)


def end(references: SearchReferences, as_json: AsJson = False) -> None:
    """End searches for good.

    Trials that train are stopped; everything found so far is kept.
    """
    client = Client()
    _for_each(client, references, client.searches.end, as_json)


def promote(
    reference: SearchReference,
    top: Annotated[int, typer.Option(min=1, max=100, help="So many of the best trials.")] = 1,
    seeds: Annotated[
        str, typer.Option(metavar="1,2,3", help="Train each once for every seed.")
    ] = "1,2,3",
    wait: Annotated[
        bool, typer.Option("--wait", help="Show progress and return when all have ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train the best trials again, on the full schedule.

    With several seeds, to see how much of a score was luck. What was trained already is not
    trained twice: called again, it shows what came of it.
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
    """A search as JSON tells it."""
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
    """Apply a verb to every search; one whose state does not allow it is told. All done?"""
    refused = False
    for each in found:
        try:
            verb(each.id)
        except SearchStateError as error:
            say(f"{each.id[:8]} {each.name}: {error}")
            refused = True
    return not refused


def tell_searches(found: Sequence[SearchRecord]) -> None:
    """A line for each search: what has become of it."""
    for each in found:
        typer.echo(f"{each.id[:8]}  {inert(each.name)}  {each.state}")


def search_states(found: Sequence[SearchRecord]) -> list[dict[str, Any]]:
    """Where searches are, as JSON tells it."""
    return [{"id": each.id, "state": each.state} for each in found]


def _say_when_slots_are_few(client: Client, parallel: int) -> None:
    slots = len(client.machine.slots().names)
    if parallel > slots:
        at_once = "one trial" if slots == 1 else f"{slots} trials"
        say(f"This lab runs {at_once} at a time; the number for the CPU is set on its first page.")


def _for_each(
    client: Client, references: list[str], verb: Callable[[str], object], as_json: bool
) -> None:
    found = [client.searches.get(each) for each in references]
    all_done = for_each_search(found, verb)
    now = [client.searches.get(each.id) for each in found]
    if as_json:
        print_json({"searches": search_states(now)})
    else:
        tell_searches(now)
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
        told = [asdict(each) for each in promotions]
        print_json({"search": found.id, "promotions": told})
        return
    print_table(
        ["trial", "score in the search", "retrained", "spread", "seeds", "test", "runs"],
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
