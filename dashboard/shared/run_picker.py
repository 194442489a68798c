"""Widgets that choose runs. The address holds the choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.errors import RunNotFound
from core.records.runs import Run
from dashboard import state
from dashboard.shared import links, run_state
from dashboard.shared.text import counted, inert, percent

_NEWEST = 12


def one() -> None:
    """Offer the newest runs, and all runs in a searchable list."""
    runs = state.client().runs.list()[::-1]
    if not runs:
        st.info("No runs yet. Launch one to watch its curves here.")
        st.page_link(links.NEW_EXPERIMENT, label="New experiment", icon=":material/add_circle:")
        return
    by_id = {run.id: run for run in runs}
    chosen = st.selectbox(
        "Run", list(by_id), index=None, format_func=lambda each: label(by_id[each])
    )
    if chosen:
        state.remember(run=chosen)
        st.rerun()
    st.caption("Newest runs:")
    for run in runs[:_NEWEST]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            links.run(run)
            run_state.badge(run)


def several(
    key: str, *, title: str, offered: Callable[[Run], bool] = lambda run: True, hint: str = ""
) -> list[Run]:
    """Choose any number of runs; a warning names runs of the address that do not exist."""
    asked, missing = _asked()
    if missing:
        st.warning(_gone(missing, any_left=bool(asked)), icon=":material/error:")
    every = {run.id: run for run in state.client().runs.list()[::-1] if offered(run)}
    every |= {run.id: run for run in asked}
    asked_ids = [run.id for run in asked]
    # The address is the view: a link wins over what was chosen here before.
    if st.session_state.get(key) != asked_ids:
        st.session_state[key] = asked_ids
    st.multiselect(
        title,
        list(every),
        key=key,
        format_func=lambda each: label(every[each]),
        placeholder="Type a name, a data set, an id" if every else "No runs yet",
        help=hint or None,
        on_change=_choose,
        args=(key, tuple(every)),
        disabled=not every,
    )
    return asked


def label(run: Run) -> str:
    """A run in a list: name, seed, data set, score, state and the start of its id."""
    best = f" · best val. {percent(run.best.val_accuracy)}" if run.best else ""
    return f"{links.run_label(run)} · {run.dataset}{best} · {run.state.value} · {run.id[:6]}"


def _asked() -> tuple[list[Run], list[str]]:
    lab, found, missing = state.client(), {}, []
    for reference in state.asked_runs():
        try:
            run = lab.runs.get(reference)
        except RunNotFound:
            missing.append(reference)
        else:
            found[run.id] = run
    return list(found.values()), missing


def _gone(missing: Sequence[str], *, any_left: bool) -> str:
    names = ", ".join(inert(each[:12]) for each in missing[:6])
    more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
    verb = "was" if len(missing) == 1 else "were"
    rest = " The other runs are shown." if any_left else ""
    return (
        f"{counted(len(missing), 'run')} of this link {verb} not found (maybe deleted): "
        f"{names}{more}.{rest}"
    )


def _choose(key: str, run_ids: Sequence[str]) -> None:
    state.remember(runs=[chosen_id(each, run_ids) for each in st.session_state[key]])


def chosen_id(chosen: str, run_ids: Sequence[str]) -> str:
    """The id that was chosen. A label changes as its run goes on, and the browser may still send
    the one before: it is no option any more, but it ends as the run's label always does."""
    if chosen in run_ids:
        return chosen
    return next((each for each in run_ids if chosen.endswith(f"· {each[:6]}")), chosen)
