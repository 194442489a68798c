"""`convscope resume`: the one command for runs and searches alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.exits import FAILED
from core.cli.job_runner import say_why_nothing_starts
from core.cli.output import AsJson, print_json
from core.cli.runs import for_each_run, states, tell_states
from core.cli.searches import for_each_search, search_states, tell_searches
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
        typer.Argument(metavar="RUN|SEARCH...", help="Ids of runs or searches, or names of these."),
    ],
    wait: Annotated[
        bool, typer.Option("--wait", help="Show progress and return when all have ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Set ended runs, or paused searches, going again.

    Stopped, failed and lost runs go on from their checkpoints.
    """
    client = Client()
    found, searches = _runs_and_searches(client, references)
    runs_done = for_each_run(found, client.runs.resume)
    searches_done = for_each_search(searches, client.searches.resume)
    _tell(client, found, searches, as_json)
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
    """What each reference names. RunNotFound when it is neither, or could be both."""
    runs: list[Run] = []
    searches: list[SearchRecord] = []
    for each in references:
        run, search = _run_or_none(client, each), _search_or_none(client, each)
        if run is not None and search is not None:
            raise RunNotFound(f"A run and a search begin with {quote(each)}. Give more of the id.")
        if search is not None:
            searches.append(search)
        elif run is not None:
            runs.append(run)
        else:
            raise RunNotFound(
                f"{quote(each)} begins the id of no run and no search, or of several: "
                "convscope runs and convscope searches list them."
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


def _tell(client: Client, runs: list[Run], searches: Sequence[SearchRecord], as_json: bool) -> None:
    now = [client.searches.get(each.id) for each in searches]
    if not as_json:
        tell_states(client, runs)
        tell_searches(now)
        return
    told: dict[str, Any] = {"runs": states(client, runs)}
    # Only where there are any: scripts that resume runs know the shape without it.
    print_json(told | ({"searches": search_states(now)} if now else {}))
