"""The actions for the selected runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.records.runs import RESUMABLE_STATES, Run, RunState
from dashboard import state
from dashboard.charts.labels import shortened
from dashboard.pages.runs import table
from dashboard.shared import failures, links
from dashboard.shared.text import counted, inert
from dashboard.streamlit_workarounds import popovers

_MOST_NAMED = 8
_MOST_LETTERS = 40
_EDIT = "runs/edit"


def show(runs: Sequence[Run]) -> None:
    """Show the actions. Each button names the number of selected runs that it applies to.

    The bar is there without a selection too, so that the table does not move at the first one.
    """
    st.markdown(f"**{_named(runs)}**" if runs else "Select runs to act on them.")
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        _go([run.id for run in runs])
        client = state.client()
        stoppable = [run for run in runs if run.state in (RunState.QUEUED, RunState.RUNNING)]
        _act("Stop", "stop_circle", stoppable, client.runs.stop)
        resumable = [run for run in runs if run.state in RESUMABLE_STATES]
        _act("Resume", "play_arrow", resumable, client.runs.resume)
        shown = [run for run in runs if not run.archived]
        _act("Archive", "archive", shown, client.runs.archive)
        _edit(runs)
        _delete([run for run in runs if not run.state.is_active])
        hidden = [run for run in runs if run.archived]
        if hidden:  # last, so that the other buttons do not move
            _act("Unarchive", "unarchive", hidden, _unarchive)


def _named(runs: Sequence[Run]) -> str:
    """The name of a single selected run, whose row may be out of view; else the number of runs."""
    if len(runs) > 1:
        return f"{len(runs):,} runs selected"
    return inert(shortened(links.run_label(runs[0]), _MOST_LETTERS))


def _go(run_ids: Sequence[str]) -> None:
    only = run_ids[0] if len(run_ids) == 1 else ""
    links.run_by_id(only, "Open")
    links.clone(only)
    links.compare(run_ids[: links.MOST_COMPARED] if not only else [])
    links.predict(run_ids[: links.MOST_COMPARED], "Predict")


def _act(label: str, icon: str, runs: Sequence[Run], verb: Callable[[str], None]) -> None:
    st.button(
        f"{label} {len(runs)}" if len(runs) > 1 else label,
        icon=f":material/{icon}:",
        key=f"runs/{label}",
        disabled=not runs,
        on_click=_each,
        args=(runs, verb),
    )


def _each(runs: Sequence[Run], verb: Callable[[str], None]) -> None:
    """Call ``verb`` for each run; an error of one is shown and the others follow."""
    for run in runs:
        failures.attempt(verb, run.id)


def _unarchive(run_id: str) -> None:
    state.client().runs.archive(run_id, archived=False)


def _edit(runs: Sequence[Run]) -> None:
    run_ids = ",".join(run.id for run in runs)
    with (
        popovers.closing("Edit", ":material/edit:", _EDIT, disabled=not runs),
        st.form(f"{_EDIT}/{run_ids}", border=False),
    ):
        if len(runs) == 1:
            name = st.text_input("Name", runs[0].name, max_chars=120)
            tags = st.text_input("Tags", ", ".join(runs[0].tags), help="Separated by commas")
            notes = st.text_area("Notes", runs[0].notes, max_chars=10_000)
            if st.form_submit_button("Save", type="primary"):
                _save(runs[0], name, tags, notes)
        else:
            added = st.text_input(
                f"Add tags to {counted(len(runs), 'run')}", help="Separated by commas"
            )
            if st.form_submit_button("Add", type="primary"):
                _add_tags(runs, added)


def _save(run: Run, name: str, tags: str, notes: str) -> None:
    client = state.client()
    done = [
        failures.succeeded(client.runs.rename, run.id, name),
        failures.succeeded(client.runs.set_tags, run.id, _split(tags)),
        failures.succeeded(client.runs.set_notes, run.id, notes),
    ]
    if all(done):
        st.toast(f"{inert(name or run.id[:8])} saved.")
        popovers.close(_EDIT)
    st.rerun()


def _add_tags(runs: Sequence[Run], added: str) -> None:
    set_tags = state.client().runs.set_tags
    done = [
        failures.succeeded(set_tags, run.id, list(dict.fromkeys([*run.tags, *_split(added)])))
        for run in runs
    ]
    if all(done):
        st.toast(f"{counted(len(runs), 'run')} tagged.")
        popovers.close(_EDIT)
    st.rerun()


def _split(tags: str) -> list[str]:
    return [tag.strip() for tag in tags.split(",") if tag.strip()]


def _delete(runs: Sequence[Run]) -> None:
    with st.popover("Delete", icon=":material/delete:", disabled=not runs):
        st.markdown(
            f"Deletes {_list(runs)} with curves, checkpoints and models permanently. Archive "
            "hides runs instead."
        )
        st.button(
            f"Delete {counted(len(runs), 'run')} permanently",
            type="primary",
            key="runs/delete",
            on_click=_delete_now,
            args=(runs,),
        )


def _list(runs: Sequence[Run]) -> str:
    """The full names of the first runs, so that the user can check what is deleted."""
    names = [f"**{inert(links.run_label(run))}**" for run in runs[:_MOST_NAMED]]
    more = len(runs) - len(names)
    return ", ".join(names) + (f" and {counted(more, 'run')} more" if more > 0 else "")


def _delete_now(runs: Sequence[Run]) -> None:
    _each(runs, state.client().runs.delete)
    table.clear_selection()
