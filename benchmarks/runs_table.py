"""What a table of thousands of runs costs the server."""

from __future__ import annotations

import json
import sys

from benchmarks.figures import Figure
from benchmarks.past import add_finished_runs
from benchmarks.session import Session, run_to_end
from benchmarks.timing import milliseconds_of

TITLE = "Runs table"
_PAGE_RUNS = 5


def measure(session: Session) -> list[Figure]:
    """Read all runs, and run the whole script of the Runs page."""
    num_runs = session.size.num_runs
    with session.lab() as client:
        add_finished_runs(client, session.experiment(), num_runs)
        read = milliseconds_of(client.runs.list, session.size.repeats)
        module = [sys.executable, "-m", "benchmarks.page_script"]
        command = [*module, "pages/runs/runs.py", str(_PAGE_RUNS)]
        first, *later = json.loads(run_to_end(command, client.settings))
    return [
        Figure(f"Read {num_runs:,} runs", read, "ms", note="`client.runs.list()`"),
        Figure(f"Runs page with {num_runs:,} runs, first", [first], "ms", note="imports included"),
        Figure(
            f"Runs page with {num_runs:,} runs, again",
            later,
            "ms",
            note="the whole script, nothing changed",
        ),
    ]
