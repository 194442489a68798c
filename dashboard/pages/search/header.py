"""The head of a search's page: name, state, progress, figures and actions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from core.records.searches import SearchState
from dashboard import state
from dashboard.pages.search import budget
from dashboard.pages.search.snapshot import Snapshot, badge, score_text
from dashboard.shared import failures, links
from dashboard.shared.text import NOTHING, ago, counted, duration, inert

_ALGORITHMS = {
    "random": "random search",
    "grid": "grid search",
    "bayesian": "Bayesian optimisation",
    "hyperband": "Hyperband",
}


def show(snapshot: Snapshot) -> None:
    """Show name and state, progress, figures, actions."""
    record = snapshot.record
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(inert(record.name), anchor=False, width="content")
        badge(record)
    st.caption(" · ".join(_facts(snapshot)))
    if record.reason:
        show_reason = st.error if record.state is SearchState.FAILED else st.info
        show_reason(inert(record.reason))
    left = _remaining(snapshot)
    _progress(snapshot, left)
    _figures(snapshot, left)
    _actions(snapshot)


def _facts(snapshot: Snapshot) -> list[str]:
    search, record = snapshot.search, snapshot.record
    facts = [
        _ALGORITHMS.get(search.algorithm.kind, search.algorithm.kind),
        f"{counted(len(search.parameters), 'hyperparameter')}: "
        + inert(", ".join(each.name for each in search.parameters)),
        f"data set {inert(search.base.data.dataset)}",
        snapshot.score_words,
        f"pruning {getattr(search.pruning, 'value', search.pruning)}",
        f"started {ago(record.created_at)}",
    ]
    if record.preset:
        facts.insert(0, f"preset {inert(record.preset)}")
    return facts


def _remaining(snapshot: Snapshot) -> budget.Remaining:
    ended = [trial for trial in snapshot.trials if trial.state.is_ended]
    took = [seconds for trial in ended if (seconds := snapshot.took_s(trial)) is not None]
    limits = budget.current(snapshot)
    return budget.remaining(
        took,
        num_done=snapshot.record.num_done,
        max_trials=budget.planned(snapshot),
        num_running=len(snapshot.running),
        running_for_s=sum(snapshot.took_s(trial) or 0.0 for trial in snapshot.running),
        parallel=limits.parallel,
        hours=limits.hours,
        spent_s=snapshot.record.seconds_spent(datetime.now(UTC)),
    )


def _progress(snapshot: Snapshot, left: budget.Remaining) -> None:
    record, planned = snapshot.record, budget.planned(snapshot)
    done = f"{record.num_done} of {counted(planned, 'trial')} done"
    running = f"{len(snapshot.running)} running" if snapshot.running else ""
    share = min(1.0, record.num_done / planned)
    if record.state is SearchState.FINISHED:
        words = [f"{counted(record.num_done, 'trial')} done"]
        share = 1.0
    else:
        words = [done, running, _time_left(record.state, left)]
    st.progress(share, text=" · ".join(word for word in words if word))


def _time_left(now: SearchState, left: budget.Remaining) -> str:
    if now is not SearchState.RUNNING:
        return "no new trials start"
    if left.seconds is None:
        return "time left not known before the first trial has ended"
    if left.seconds < 1:
        return "nearly done"
    end = datetime.now().astimezone() + timedelta(seconds=left.seconds)
    day = "" if end.date() == datetime.now().astimezone().date() else f" on {end:%d %b}"
    return f"about {duration(left.seconds)} left, until {end:%H:%M}{day}"


def _figures(snapshot: Snapshot, left: budget.Remaining) -> None:
    best = snapshot.best
    with st.grid(4, min_column_width=150, gap="small"):
        st.metric(
            f"Best {snapshot.metric_words}"
            + (f" · trial {best.number}, epoch {best.best_epoch}" if best else ""),
            score_text(best.score if best else None, is_accuracy=snapshot.is_accuracy),
            help=f"{snapshot.score_words}, over all completed trials. The test set is never used.",
        )
        is_over = snapshot.record.state is SearchState.FINISHED
        st.metric(
            "Trials left",
            NOTHING if is_over else f"{left.num_trials:,}",
            help="The most trials that the budget still allows.",
        )
        st.metric(
            "Time budget left",
            NOTHING if left.hours_of_budget is None else duration(3600 * left.hours_of_budget),
            help="What is left of the budget's hours; a dash without a time limit.",
        )
        spent = snapshot.record.seconds_spent(datetime.now(UTC))
        st.metric(
            "Time spent",
            duration(spent),
            help="Without pauses, and without times when nothing could run, such as standby.",
        )


def _actions(snapshot: Snapshot) -> None:
    client, record = state.client(), snapshot.record
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if record.state is SearchState.RUNNING:
            st.button(
                "Pause",
                icon=":material/pause_circle:",
                key="search/pause",
                help="Running trials finish; no new ones start.",
                on_click=failures.attempt,
                args=(client.searches.pause, record.id),
            )
        elif record.state in (SearchState.PAUSED, SearchState.FAILED):
            st.button(
                "Resume",
                icon=":material/play_arrow:",
                type="primary",
                key="search/resume",
                help="Continues with the results of all earlier trials.",
                on_click=failures.attempt,
                args=(client.searches.resume, record.id),
            )
        budget.popover(snapshot)
        if record.state is not SearchState.FINISHED:
            st.button(
                "End",
                icon=":material/stop_circle:",
                key="search/end",
                help="Stops running trials; all results are kept.",
                on_click=failures.attempt,
                args=(client.searches.end, record.id),
            )
        ended = [trial for trial in snapshot.trials if trial.run_ids]
        if ended:
            links.search_form(f"copy:{record.id}", "Duplicate")
        with st.popover("More", icon=":material/more_horiz:", key=f"search/more/{record.id}"):
            _more(snapshot)


def _more(snapshot: Snapshot) -> None:
    client, record = state.client(), snapshot.record
    with st.form(f"search/rename/{record.id}", border=False):
        name = st.text_input("Name", record.name, max_chars=120)
        if st.form_submit_button("Save", type="primary"):
            failures.attempt(client.searches.rename, record.id, name)
            st.rerun()
    st.button(
        "Delete checkpoints",
        icon=":material/cleaning_services:",
        key="search/tidy",
        help="Deletes checkpoints and models of all trials except the best. Curves are kept.",
        on_click=failures.attempt,
        args=(client.searches.delete_checkpoints, record.id),
    )
    # Without a controller, trials stay in the state running; the states of their runs are right.
    has_active_runs = any(run.state.is_active for run in snapshot.runs.values())
    is_active = record.state is SearchState.RUNNING or has_active_runs
    sure = st.checkbox(
        "Delete permanently, with trials, curves and models",
        key=f"search/sure/{record.id}",
        disabled=is_active,
        help="End the search first." if is_active else None,
    )
    # In a callback: a rerun of the page cannot interrupt it between deletion and address change.
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
        st.query_params.from_dict({})  # clear() raises an error while the address names a tab
