"""Choose runs by name, data set or id; the page's address keeps the choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.errors import RunNotFound
from core.records.runs import Run
from core.settings import is_id
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
    """The chosen runs, from a field for any number of them.

    ``offered`` says which runs can be chosen. A warning lists runs of the address that are gone.
    """
    asked, missing = _asked()
    if missing:
        st.warning(_gone(missing, any_left=bool(asked)), icon=":material/error:")
    every = {run.id: run for run in state.client().runs.list()[::-1] if offered(run)}
    every |= {run.id: run for run in asked}
    asked_ids = [run.id for run in asked]
    # The address is the view: a link wins over what was chosen here before.
    if st.session_state.get(key) != asked_ids:
        st.session_state[key] = asked_ids
    labels = {run_id: label(run) for run_id, run in every.items()}
    _remember_labels(key, labels)
    st.multiselect(
        title,
        list(every),
        key=key,
        format_func=labels.__getitem__,
        placeholder="Type a name, a data set, an id" if every else "No runs yet",
        help=hint or None,
        on_change=_choose,
        args=(key,),
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


def _remember_labels(key: str, labels: Mapping[str, str]) -> None:
    """Keep every label that was shown in this session, with its run's id.

    The browser sends labels, not ids. A run's label changes as it trains, and the browser may
    still send the one before, which Streamlit then passes on as it is.
    """
    shown: dict[str, str] = st.session_state.setdefault(f"{key}/labels", {})
    shown.update((text, run_id) for run_id, text in labels.items())


def _choose(key: str) -> None:
    shown: dict[str, str] = st.session_state[f"{key}/labels"]
    chosen = (shown.get(each, each) for each in st.session_state[key])
    # A label from before a restart of the server is unknown here: it names no run.
    state.remember(runs=[each for each in chosen if is_id(each)])
