"""What the trials show: importance of hyperparameters, slice, contour, and the timeline."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboard import live_chart, state
from dashboard.charts.search.importance import Share, importance
from dashboard.charts.search.points import Scale, in_words
from dashboard.charts.search.slice_plot import contour, slice_of
from dashboard.charts.search.timeline import TimelineBar, in_lanes, timeline
from dashboard.pages.search.snapshot import Snapshot, score_text
from dashboard.shared.text import counted

MIN_COMPLETED = 10
"""Completed trials that importance needs; with fewer it mostly shows chance."""
HEIGHT = 360


def show_parameters(snapshot: Snapshot) -> None:
    """Show importance, then a slice and a contour of two hyperparameters."""
    _importance(snapshot)
    st.subheader("Two hyperparameters", anchor=False)
    x, y = _chosen(snapshot)
    left, right = st.columns(2)
    with left:
        live_chart.show(
            slice_of(snapshot.points, x, score=snapshot.score_words),
            key=f"search/{snapshot.id}/slice",
            height=HEIGHT,
            description=f"Score of each completed trial over {x.name}; later trials in blue.",
        )
    with right:
        live_chart.show(
            contour(snapshot.points, x, y, direction=snapshot.direction),
            key=f"search/{snapshot.id}/contour",
            height=HEIGHT,
            description=f"Completed trials over {x.name} and {y.name}, coloured by score.",
        )
    st.caption(
        "Each dot is a completed trial. The area between dots is an estimate: the mean of the "
        "scores nearby, weighted by distance."
    )


def _importance(snapshot: Snapshot) -> None:
    completed = sum(point.is_over for point in snapshot.points)
    if completed < MIN_COMPLETED:
        st.info(
            f"Importance needs {MIN_COMPLETED} completed trials; so far there "
            f"{'is' if completed == 1 else 'are'} {completed}. With fewer, it would mostly show "
            "chance.",
            icon=":material/hourglass_empty:",
        )
        return
    shares = _shares(snapshot, completed)
    live_chart.show(
        importance(shares, enough=MIN_COMPLETED),
        key=f"search/{snapshot.id}/importance",
        height=90 + 42 * max(2, len(shares)),
        description="Importance of the hyperparameters: "
        + ", ".join(f"{each.name} {each.share:.0%}" for each in shares),
    )
    st.caption(
        f"PED-ANOVA over {counted(completed, 'completed trial')}: how well each hyperparameter "
        "alone separates good trials from the others. ↑ higher values scored better, ↓ lower "
        "values did (rank correlation). It describes these trials and does not prove a cause."
    )


def _shares(snapshot: Snapshot, completed: int) -> list[Share]:
    # It takes longer than the rest of the page, and changes only when a trial completes.
    key = f"search/importance/{snapshot.id}"
    kept: tuple[int, list[Share]] = st.session_state.get(key, (0, []))
    if kept[0] != completed:
        found = state.client().trials.importance(snapshot.id)
        # The correlation is with the score, and a lower loss is better.
        sign = 1 if snapshot.direction == "max" else -1
        shares = [
            Share(
                each.name,
                each.share,
                None if each.correlation is None else sign * each.correlation,
            )
            for each in found
        ]
        kept = st.session_state[key] = (completed, shares)
    return kept[1]


def _chosen(snapshot: Snapshot) -> tuple[Scale, Scale]:
    scales = {scale.name: scale for scale in snapshot.scales}
    names = list(scales)
    with st.container(horizontal=True, gap="small"):
        x = st.selectbox("X axis", names, key="x", bind="query-params", width=240)
        second = names[1] if len(names) > 1 else names[0]
        y = st.selectbox(
            "Y axis", names, index=names.index(second), key="y", bind="query-params", width=240
        )
    return scales[x or names[0]], scales[y or second]


def show_timeline(snapshot: Snapshot) -> None:
    """Show when each trial was trained, one line per slot."""
    bars = timeline_bars(snapshot, datetime.now(UTC))
    lanes = len({lane for lane, _ in in_lanes(bars)})
    live_chart.show(
        timeline(bars),
        key=f"search/{snapshot.id}/timeline",
        height=150 + 46 * max(2, lanes),
        description=f"Timeline of {counted(len(bars), 'run')} of trials on "
        f"{counted(lanes, 'slot')}.",
    )


def timeline_bars(snapshot: Snapshot, now: datetime) -> list[TimelineBar]:
    """Start and end of each started run of a trial, in minutes since the search's creation."""
    found = []
    for trial in snapshot.trials:
        score = score_text(trial.score, is_accuracy=snapshot.is_accuracy)
        for run_id in trial.run_ids:
            run = snapshot.runs.get(run_id)
            start = snapshot.seconds_in(run.started_at) if run else None
            if run is None or start is None:
                continue
            end = snapshot.seconds_in(run.finished_at or now) or start
            words = f"seed {run.seed}, score {score}, {in_words(trial.values)}"
            device = run.device or "no device"
            found.append(
                TimelineBar(trial.number, trial.state.value, device, start / 60, end / 60, words)
            )
    return found
