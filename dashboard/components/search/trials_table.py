"""The trials in one table: filtered, hidden, sorted, one of them chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import streamlit as st

from core.store.search_records import Trial, TrialState
from dashboard import state
from dashboard.components.search import trial_actions, trials_frame
from dashboard.components.search.snapshot import Snapshot
from dashboard.components.text import counted


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
    key = f"search/table/{seen.id}"
    selected = _selected(key, rows)
    trial_actions.show(seen, selected)
    st.dataframe(
        trials_frame.frame(seen, rows),
        key=key,
        column_config=trials_frame.columns(seen),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        height=min(520, 38 + 35 * max(3, len(rows))),
        placeholder="—",
        alt=f"Table of {len(rows)} trials with state, score and values",
    )


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


def _selected(key: str, rows: Sequence[Trial]) -> list[Trial]:
    """The selected trials, which stay selected when rows come above them.

    The browser knows row numbers only: they are moved to where their trials are now.
    """
    by_number = {trial.number: trial for trial in rows}
    before: list[int] = st.session_state.get(f"{key}/shown", [])
    table = st.session_state.get(key)
    marked = [] if table is None else list(table["selection"]["rows"])
    chosen = [before[row] for row in marked if row < len(before) and before[row] in by_number]
    now = list(by_number)
    if now != before:
        st.session_state[f"{key}/shown"] = now
        moved = [now.index(number) for number in chosen]
        if moved != marked:
            st.session_state[key] = {"selection": {"rows": moved, "columns": [], "cells": []}}
    return [by_number[number] for number in chosen]
