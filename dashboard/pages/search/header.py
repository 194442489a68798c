"""What a search is and where it stands: state, budget, time left, and what can be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from core.records.searches import SearchState
from dashboard import state
from dashboard.pages.search import budget, trial_state
from dashboard.pages.search.pace import Pace, pace
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared import failures, links
from dashboard.shared.text import NOTHING, ago, counted, duration, inert

_ALGORITHMS = {
    "random": "random search",
    "grid": "grid search",
    "bayesian": "Bayesian optimisation",
    "hyperband": "Hyperband",
}


def show(seen: Snapshot) -> None:
    """Name and state, progress, figures, actions."""
    record = seen.record
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(inert(record.name), anchor=False, width="content")
        trial_state.badge(record)
    st.caption(" · ".join(_facts(seen)))
    if record.reason:
        tell = st.error if record.state is SearchState.FAILED else st.info
        tell(inert(record.reason))
    left = _pace(seen)
    _progress(seen, left)
    _figures(seen, left)
    _actions(seen)


def _facts(seen: Snapshot) -> list[str]:
    search, record = seen.search, seen.record
    facts = [
        _ALGORITHMS.get(search.algorithm.kind, search.algorithm.kind),
        f"{counted(len(search.parameters), 'parameter')}: "
        + inert(", ".join(each.name for each in search.parameters)),
        f"data set {inert(search.base.data.dataset)}",
        seen.score_words,
        f"pruning {getattr(search.pruning, 'value', search.pruning)}",
        f"started {ago(record.created_at)}",
    ]
    if record.preset:
        facts.insert(0, f"preset {inert(record.preset)}")
    return facts


def _pace(seen: Snapshot) -> Pace:
    ended = [trial for trial in seen.trials if trial.state.is_ended]
    took = [seconds for trial in ended if (seconds := seen.took_s(trial)) is not None]
    limits = budget.current(seen)
    return pace(
        took,
        num_done=seen.record.num_done,
        max_trials=budget.planned(seen),
        num_running=len(seen.running),
        running_for_s=sum(seen.took_s(trial) or 0.0 for trial in seen.running),
        parallel=limits.parallel,
        hours=limits.hours,
        spent_s=seen.record.seconds_spent(datetime.now(UTC)),
    )


def _progress(seen: Snapshot, left: Pace) -> None:
    record, planned = seen.record, budget.planned(seen)
    done = f"{record.num_done} of {counted(planned, 'trial')} done"
    at_work = f"{len(seen.running)} at work" if seen.running else ""
    share = min(1.0, record.num_done / planned)
    if record.state is SearchState.FINISHED:
        words = [f"{counted(record.num_done, 'trial')} done"]
        share = 1.0
    else:
        words = [done, at_work, _time_left(record.state, left)]
    st.progress(share, text=" · ".join(word for word in words if word))


def _time_left(now: SearchState, left: Pace) -> str:
    if now is not SearchState.RUNNING:
        return "no new trials begin"
    if left.seconds_left is None:
        return "time left is known after the first trial"
    if left.seconds_left < 1:
        return "nearly done"
    end = datetime.now().astimezone() + timedelta(seconds=left.seconds_left)
    day = "" if end.date() == datetime.now().astimezone().date() else f" on {end:%d %b}"
    return f"about {duration(left.seconds_left)} left, until {end:%H:%M}{day}"


def _figures(seen: Snapshot, left: Pace) -> None:
    best = seen.best
    with st.grid(4, min_column_width=150, gap="small"):
        st.metric(
            f"Best {seen.metric_words}"
            + (f" · trial {best.number}, epoch {best.best_epoch}" if best else ""),
            trial_state.score(best.score if best else None, is_accuracy=seen.is_accuracy),
            help=f"{seen.score_words}, of the completed trials. Never of the test images.",
        )
        is_over = seen.record.state is SearchState.FINISHED
        st.metric(
            "Trials left",
            NOTHING if is_over else f"{left.trials_left:,}",
            help="Of the budget, at most; a dash once the search has ended.",
        )
        st.metric(
            "Time budget left",
            NOTHING if left.hours_left is None else duration(3600 * left.hours_left),
            help="Of the budget's hours; a dash where there is no such limit.",
        )
        spent = seen.record.seconds_spent(datetime.now(UTC))
        st.metric(
            "Time spent",
            duration(spent),
            help="Pauses are left out, and hours without a controller: a closed laptop's.",
        )


def _actions(seen: Snapshot) -> None:
    lab, record = state.client(), seen.record
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if record.state is SearchState.RUNNING:
            st.button(
                "Pause",
                icon=":material/pause_circle:",
                key="search/pause",
                help="Trials at work go on to their end; no new ones begin.",
                on_click=failures.attempt,
                args=(lab.searches.pause, record.id),
            )
        elif record.state in (SearchState.PAUSED, SearchState.FAILED):
            st.button(
                "Resume",
                icon=":material/play_arrow:",
                type="primary",
                key="search/resume",
                help="Goes on where it was, with everything that it knows.",
                on_click=failures.attempt,
                args=(lab.searches.resume, record.id),
            )
        budget.popover(seen)
        if record.state is not SearchState.FINISHED:
            st.button(
                "End",
                icon=":material/stop_circle:",
                key="search/end",
                help="Stops the trials at work; everything found so far is kept.",
                on_click=failures.attempt,
                args=(lab.searches.end, record.id),
            )
        ended = [trial for trial in seen.trials if trial.run_ids]
        if ended:
            links.search_form(f"copy:{record.id}", "Search again, changed")
        with st.popover("More", icon=":material/more_horiz:", key=f"search/more/{record.id}"):
            _more(seen)


def _more(seen: Snapshot) -> None:
    lab, record = state.client(), seen.record
    with st.form(f"search/rename/{record.id}", border=False):
        name = st.text_input("Name", record.name, max_chars=120)
        if st.form_submit_button("Save", type="primary"):
            failures.attempt(lab.searches.rename, record.id, name)
            st.rerun()
    st.button(
        "Tidy up",
        icon=":material/cleaning_services:",
        key="search/tidy",
        help="Deletes the networks and checkpoints of all trials but the best. Curves stay.",
        on_click=failures.attempt,
        args=(lab.searches.delete_checkpoints, record.id),
    )
    # Trials of a controller that is gone stay at work for ever; their runs do not.
    at_work = any(run.state.is_active for run in seen.runs.values())
    is_active = record.state is SearchState.RUNNING or at_work
    sure = st.checkbox(
        "Delete the search for good, with its trials, curves and networks",
        key=f"search/sure/{record.id}",
        disabled=is_active,
        help="End it first." if is_active else None,
    )
    # In a callback, which no tick of the page can cut off between the deletion and the address.
    st.button(
        "Delete",
        icon=":material/delete:",
        key="search/delete",
        type="primary",
        disabled=not sure,
        on_click=_delete,
        args=(record.id,),
    )


def _delete(search_id: str) -> None:
    if failures.succeeded(state.client().searches.delete, search_id):
        st.query_params.from_dict({})  # clear() refuses while a tab stands in the address
