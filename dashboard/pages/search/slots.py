"""Which trial was trained when, on which device."""

from __future__ import annotations

from datetime import UTC, datetime

from dashboard import live_chart
from dashboard.charts.search.points import in_words
from dashboard.charts.search.timeline import Stretch, in_lanes, timeline
from dashboard.pages.search import trial_state
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared.text import counted


def show(seen: Snapshot) -> None:
    """A line a slot."""
    found = stretches(seen, datetime.now(UTC))
    lanes = len({lane for lane, _ in in_lanes(found)})
    live_chart.show(
        timeline(found),
        key=f"search/{seen.id}/timeline",
        height=150 + 46 * max(2, lanes),
        description=f"Timeline of {counted(len(found), 'run')} of trials on "
        f"{counted(lanes, 'slot')}.",
    )


def stretches(seen: Snapshot, now: datetime) -> list[Stretch]:
    """Every run that has begun: from when to when, in minutes since the search began."""
    found = []
    for trial in seen.trials:
        score = trial_state.score(trial.score, is_accuracy=seen.is_accuracy)
        for run_id in trial.run_ids:
            run = seen.runs.get(run_id)
            start = seen.seconds_in(run.started_at) if run else None
            if run is None or start is None:
                continue
            end = seen.seconds_in(run.finished_at or now) or start
            words = f"seed {run.seed}, score {score}, {in_words(trial.values)}"
            device = run.device or "no device"
            found.append(
                Stretch(trial.number, trial.state.value, device, start / 60, end / 60, words)
            )
    return found
