"""`convscope resume`: for runs and searches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.exits import FAILED
from core.cli.job_runner import say_why_nothing_starts
from core.cli.output import AsJson, print_json
from core.cli.runs import for_each_run, print_states, states
from core.cli.searches import for_each_search, print_searches, search_states
from core.cli.wait import watch, watch_search
from core.client import Client
from core.errors import RunNotFound, SearchNotFound
from core.text import quote

if TYPE_CHECKING:
    from core.records.runs import Run
    from core.records.searches import SearchRecord


def resume(
    references: Annotated[
        list[str],
        typer.Argument(metavar="RUN|SEARCH...", help="Ids of runs; ids or names of searches."),
    ],
    wait: Annotated[
        bool, typer.Option("--wait", help="Show progress until all have ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Resume runs and searches.

    Stopped, failed and lost runs continue from their checkpoints.
    """
    client = Client()
    found, searches = _runs_and_searches(client, references)
    runs_done = for_each_run(found, client.runs.resume)
    searches_done = for_each_search(searches, client.searches.resume)
    _print_states(client, found, searches, as_json)
    say_why_nothing_starts(client)
    if wait and found:
        watch(client, [run.id for run in found])
    for each in searches if wait else ():
        watch_search(client, each.id)
    if not (runs_done and searches_done):
        raise typer.Exit(FAILED)


def _runs_and_searches(
    client: Client, references: list[str]
) -> tuple[list[Run], list[SearchRecord]]:
    """The runs and searches that are named. RunNotFound when a name fits none, or both kinds."""
    runs: list[Run] = []
    searches: list[SearchRecord] = []
    for each in references:
        run, search = _run_or_none(client, each), _search_or_none(client, each)
        if run is not None and search is not None:
            raise RunNotFound(f"{quote(each)} matches a run and a search. Give more of the id.")
        if search is not None:
            searches.append(search)
        elif run is not None:
            runs.append(run)
        else:
            raise RunNotFound(
                f"No run and no search has the id {quote(each)}, or several ids begin with it. "
                "convscope runs and convscope searches list the ids."
            )
    return runs, searches


def _run_or_none(client: Client, reference: str) -> Run | None:
    try:
        return client.runs.get(reference)
    except RunNotFound:
        return None


def _search_or_none(client: Client, reference: str) -> SearchRecord | None:
    try:
        return client.searches.get(reference)
    except SearchNotFound:
        return None


def _print_states(
    client: Client, runs: list[Run], searches: Sequence[SearchRecord], as_json: bool
) -> None:
    now = [client.searches.get(each.id) for each in searches]
    if not as_json:
        print_states(client, runs)
        print_searches(now)
        return
    shown: dict[str, Any] = {"runs": states(client, runs)}
    # Only where there are any: scripts that resume runs expect the shape without it.
    print_json(shown | ({"searches": search_states(now)} if now else {}))
