"""The table of trials, its filters, and the actions for selected trials."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.records.runs import Run
from core.records.searches import MANUAL, Trial, TrialState
from dashboard import state
from dashboard.charts.search.points import in_words, shown
from dashboard.pages.search import manual_trial
from dashboard.pages.search.snapshot import SIGNS, Snapshot
from dashboard.shared import failures, links, selectable_table
from dashboard.shared.text import counted, inert


def hidden(snapshot: Snapshot) -> set[int]:
    """Numbers of the trials that this session has hidden in charts and table."""
    return state.session(f"search/hidden/{snapshot.id}", set[int])


def show(snapshot: Snapshot, chosen: Collection[int]) -> None:
    """Show the filter, the actions and the table. ``chosen`` are the brushed trials."""
    states = st.pills(
        "States",
        [each.value for each in TrialState],
        selection_mode="multi",
        key="trial_state",
        bind="query-params",
        label_visibility="collapsed",
        help="Only trials in these states",
    )
    rows = [
        trial
        for trial in reversed(snapshot.trials)
        if trial.number in chosen
        and trial.number not in hidden(snapshot)
        and (not states or trial.state.value in states)
    ]
    _count(snapshot, rows)
    actions = st.container()
    by_number = {trial.number: trial for trial in rows}
    selected = selectable_table.show(
        f"search/table/{snapshot.id}",
        list(by_number),
        _frame(snapshot, rows),
        columns=_columns(snapshot),
        height=520,
        alt=f"Table of {len(rows)} trials with state, score and values",
    )
    with actions:
        _actions(snapshot, [by_number[number] for number in selected])


def _count(snapshot: Snapshot, rows: Sequence[Trial]) -> None:
    out = hidden(snapshot)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{counted(len(rows), 'trial')} of {len(snapshot.trials):,}", width="content")
        if out:
            st.button(
                f"Show {counted(len(out), 'hidden trial')}",
                icon=":material/visibility:",
                type="tertiary",
                key="search/show_hidden",
                on_click=out.clear,
            )


_PREFIX = "value/"
"""Keeps hyperparameters apart from the table's own columns of the same name."""


def _frame(snapshot: Snapshot, trials: Sequence[Trial]) -> pd.DataFrame:
    """One row per trial, in the order of ``trials``."""
    scores = [trial.score for trial in trials]
    own = {
        "number": [trial.number for trial in trials],
        "state": [SIGNS[trial.state] for trial in trials],
        "score": selectable_table.percentages(scores) if snapshot.is_accuracy else scores,
        "best_epoch": [trial.best_epoch for trial in trials],
    }
    values = {
        f"{_PREFIX}{each.name}": _column([trial.values.get(each.name) for trial in trials])
        for each in snapshot.search.parameters
    }
    rest = {
        "epochs": [_epochs(snapshot, trial) for trial in trials],
        "took": [snapshot.took_s(trial) for trial in trials],
        "origin": ["manual" if trial.origin == MANUAL else "" for trial in trials],
        "reason": [trial.reason for trial in trials],
    }
    return pd.DataFrame(own | values | rest).astype(
        {"score": float, "best_epoch": "Int64", "took": float}
    )


def _columns(snapshot: Snapshot) -> dict[str, ColumnConfig]:
    """The titles and formats of the columns."""
    config = st.column_config
    own: dict[str, ColumnConfig] = {
        "number": config.NumberColumn("Trial", width=60, format="%d"),
        "state": config.TextColumn("State", width=105),
        "score": config.NumberColumn(
            "Score",
            width=85,
            help=snapshot.score_words,
            format=selectable_table.PERCENT_FORMAT if snapshot.is_accuracy else "%.4g",
        ),
        "best_epoch": config.NumberColumn(
            "Best epoch", width="small", help="Epoch of the best score"
        ),
        "epochs": config.TextColumn(
            "Epochs", width="small", help="Finished / planned, over all seeds"
        ),
        "took": config.NumberColumn("Seconds", format="%,.0f", width="small"),
        "origin": config.TextColumn("Origin", width="small"),
        "reason": config.TextColumn("Reason", width="medium"),
    }
    values = {
        f"{_PREFIX}{each.name}": (
            # Without a format, sampled values have so many digits that the cell cuts them off.
            config.NumberColumn(each.name, format="%.4g")
            if each.range.kind == "real"
            else config.Column(each.name)
        )
        for each in snapshot.search.parameters
    }
    return own | values


def _column(values: list[object]) -> list[object]:
    """Numbers stay numbers, so that they sort as numbers; a mixed column becomes text."""
    known = [value for value in values if value is not None]
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in known):
        return values
    return [None if value is None else shown(value) for value in values]  # type: ignore[arg-type]


def _epochs(snapshot: Snapshot, trial: Trial) -> str:
    runs = max(1, trial.num_runs)
    return f"{snapshot.epochs_done(trial)} / {trial.epochs * runs}"


def _actions(snapshot: Snapshot, trials: Sequence[Trial]) -> None:
    """Show the actions for the selected trials, and a line that names them.

    Both are there without a selection too, so that the table does not move at the first one.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        runs = [
            snapshot.runs[each]
            for trial in trials
            for each in trial.run_ids
            if each in snapshot.runs
        ]
        _go(trials, runs)
        _stop(snapshot, [trial for trial in trials if not trial.state.is_ended])
        manual_trial.popover(snapshot, trials[0] if trials else None)
        st.button(
            "Hide",
            icon=":material/visibility_off:",
            key="search/hide",
            disabled=not trials,
            on_click=_hide,
            args=(snapshot.id, [trial.number for trial in trials]),
        )
    st.caption(_named(trials))


def _named(trials: Sequence[Trial]) -> str:
    if not trials:
        return "Select trials to act on them."
    if len(trials) > 1:
        return f"{len(trials):,} trials selected"
    return f"Trial {trials[0].number}: {inert(in_words(trials[0].values))}"


def _go(trials: Sequence[Trial], runs: Sequence[Run]) -> None:
    of_one = runs if len(trials) == 1 else []
    if len(of_one) > 1:
        for run in of_one[:3]:
            links.run(run, f"Run of seed {run.seed}")
    else:
        links.run_by_id(of_one[0].id if of_one else "", "Open run")
    links.clone(of_one[0].id if of_one else "")
    links.compare([run.id for run in runs[: links.MOST_COMPARED]] if len(runs) > 1 else [])
    with_model = [run.id for run in runs if run.best is not None]
    links.predict(with_model[: links.MOST_COMPARED], "Predict")


def _stop(snapshot: Snapshot, trials: Sequence[Trial]) -> None:
    st.button(
        "Stop" if len(trials) < 2 else f"Stop {counted(len(trials), 'trial')}",
        icon=":material/stop_circle:",
        key="search/stop_trial",
        disabled=not trials,
        help="The trial stops after the current batch and keeps its curve.",
        on_click=_stop_each,
        args=(snapshot.id, [trial.number for trial in trials]),
    )


def _stop_each(search_id: str, numbers: Sequence[int]) -> None:
    for number in numbers:
        failures.attempt(state.client().trials.stop, search_id, number)


def _hide(search_id: str, numbers: Sequence[int]) -> None:
    state.session(f"search/hidden/{search_id}", set[int]).update(numbers)
