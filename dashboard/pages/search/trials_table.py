"""The trials in one table: filtered, hidden, sorted, one of them chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import streamlit as st

from core.records.searches import Trial, TrialState
from dashboard import state
from dashboard.pages.search import trial_actions, trials_frame
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared import selectable_table
from dashboard.shared.text import counted


def hidden(seen: Snapshot) -> set[int]:
    """Trials that this visitor took out of charts and table."""
    return state.session(f"search/hidden/{seen.id}", set[int])


def show(seen: Snapshot, chosen: Collection[int]) -> None:
    """A filter, what can be done with the selected trial, and the rows. ``chosen``: by brush."""
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
        for trial in reversed(seen.trials)
        if trial.number in chosen
        and trial.number not in hidden(seen)
        and (not states or trial.state.value in states)
    ]
    _told(seen, rows)
    actions = st.container()
    by_number = {trial.number: trial for trial in rows}
    selected = selectable_table.show(
        f"search/table/{seen.id}",
        list(by_number),
        trials_frame.frame(seen, rows),
        columns=trials_frame.columns(seen),
        height=520,
        alt=f"Table of {len(rows)} trials with state, score and values",
    )
    with actions:
        trial_actions.show(seen, [by_number[number] for number in selected])


def _told(seen: Snapshot, rows: Sequence[Trial]) -> None:
    out = hidden(seen)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{counted(len(rows), 'trial')} of {len(seen.trials):,}", width="content")
        if out:
            st.button(
                f"Show {counted(len(out), 'hidden trial')}",
                icon=":material/visibility:",
                type="tertiary",
                key="search/show_hidden",
                on_click=out.clear,
            )
