"""What a redraw of a search's page costs the server while its trials go on."""

from __future__ import annotations

import json
import sys

from benchmarks.figures import Figure, at_most
from benchmarks.past_search import add_search, end_search, search_around
from benchmarks.session import Session, run_to_end

TITLE = "Search page"
_REDRAWS = 5
_MOST_MS = 500.0
_TABS = ("Trials", "Parameters", "Timeline", "Best trial")


def measure(session: Session) -> list[Figure]:
    """Each tab of a search of many trials, the whole script, first and again."""
    size = session.size
    experiment = session.experiment(f"training.epochs={size.page_epochs}")
    figures = []
    with session.lab() as client:
        search = search_around(experiment, max_trials=size.page_trials + 10)
        record = add_search(client, search, size.page_trials)
        module = [sys.executable, "-m", "benchmarks.page_script", "pages/search/search.py"]
        for tab in _TABS:
            command = [*module, str(1 + _REDRAWS), f"search={record.id}", f"tab={tab}"]
            first, *later = json.loads(run_to_end(command, client.settings))
            what = f"Search page with {size.page_trials:,} trials, {tab}"
            if tab == _TABS[0]:
                figures.append(Figure(f"{what}, first", [first], "ms", note="imports included"))
            figures.append(Figure(f"{what}, again", later, "ms", at_most(_MOST_MS)))
        end_search(client, record)
    return figures
