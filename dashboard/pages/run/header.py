"""The head of a run's page: name, state, origin and actions."""

from __future__ import annotations

import streamlit as st

from core.records.runs import RESUMABLE_STATES, Run, RunState
from core.spec.files import experiment_to_toml
from dashboard import state
from dashboard.shared import failures, links, run_state
from dashboard.shared.text import ago, counted, inert

_DELETED = "run/deleted"


def show(run: Run) -> None:
    """Show name and state, facts, actions."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(inert(links.run_label(run)), anchor=False, width="content")
        run_state.badge(run)
        if run.archived:
            st.badge("archived", icon=":material/archive:", color="gray")
    st.caption(" · ".join(_facts(run)))
    if run.notes:
        st.caption(f"Notes: {inert(run.notes)}")
    _actions(run)


def _facts(run: Run) -> list[str]:
    facts = [
        f"preset {inert(run.preset)}" if run.preset else "no preset",
        f"data set {inert(run.dataset)}",
        f"seed {run.seed}",
        f"device {inert(run.device)}" if run.device else "no device yet",
        f"engine {inert(run.engine)}" if run.engine else "no engine yet",
        f"launched {ago(run.created_at)}",
    ]
    if run.attempt > 1:
        facts.append(f"attempt {run.attempt}")
    return facts + [f":material/label: {inert(tag)}" for tag in run.tags]


def _actions(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _stop_or_resume(run)
        together, are_seeds = _launched_together(run)
        if len(together) > 1:
            count = len(together)
            seeds = f"Compare these {counted(count, 'seed')}"
            links.compare(
                together, seeds if are_seeds else f"Compare these {counted(count, 'run')}"
            )
        else:
            links.compare([run.id], "Compare with other runs")
        links.predict([run.id], "Predict an image")
        links.clone(run.id)
        links.search_form(f"run:{run.id}")
        if run.search_id is not None:
            links.search(run.search_id, "Open its search")
        with st.popover("More", icon=":material/more_horiz:", key=f"run/more/{run.id}"):
            _more(run)


def _stop_or_resume(run: Run) -> None:
    client = state.client()
    if run.state.is_active:
        st.button(
            "Remove from queue" if run.state is RunState.QUEUED else "Stop",
            icon=":material/stop_circle:",
            key="run/stop",
            disabled=run.state is RunState.STOPPING,
            help="The run stops after the current batch and saves a checkpoint to resume from.",
            on_click=failures.attempt,
            args=(client.runs.stop, run.id),
        )
    elif run.state in RESUMABLE_STATES:
        st.button(
            "Resume",
            icon=":material/play_arrow:",
            type="primary",
            key="run/resume",
            help=f"Continues after epoch {run.epochs_done} as if it had not been stopped.",
            on_click=failures.attempt,
            args=(client.runs.resume, run.id),
        )


def _launched_together(run: Run) -> tuple[list[str], bool]:
    """The ids of all runs of this run's launch, and whether they are seeds of one experiment.

    Otherwise they are the runs of a grid, or of a preset and its base.
    """

    def find() -> tuple[list[str], bool]:
        every = state.client().runs.list(include_archived=True)
        found = [each for each in every if each.group_id == run.group_id]
        return [each.id for each in found], len({each.seed for each in found}) == len(found)

    # A launch is one transaction: its group never grows.
    return state.session(f"run/group/{run.group_id}", find)


def _more(run: Run) -> None:
    client = state.client()
    with st.form(f"run/describe/{run.id}", border=False):
        name = st.text_input("Name", run.name, max_chars=120)
        tags = st.text_input("Tags", ", ".join(run.tags), help="Separated by commas")
        notes = st.text_area("Notes", run.notes, max_chars=10_000, height=80)
        if st.form_submit_button("Save", type="primary"):
            failures.attempt(client.runs.rename, run.id, name)
            failures.attempt(client.runs.set_tags, run.id, tags.split(","))
            failures.attempt(client.runs.set_notes, run.id, notes)
            st.rerun()
    st.download_button(
        "Download as TOML",
        data=lambda: experiment_to_toml(client.runs.clone(run.id)),
        file_name=f"{run.id[:8]}.toml",
        mime="application/toml",
        icon=":material/download:",
        on_click="ignore",
    )
    st.button(
        "Unarchive" if run.archived else "Archive",
        icon=":material/unarchive:" if run.archived else ":material/archive:",
        key="run/archive",
        help="Archived runs are kept, but hidden from lists.",
        on_click=failures.attempt,
        args=(client.runs.archive, run.id, not run.archived),
    )
    _delete(run)


def _delete(run: Run) -> None:
    sure = st.checkbox(
        "Delete permanently, with curves, checkpoints and models",
        key=f"run/sure/{run.id}",
        disabled=run.state.is_active,
        help="Stop the run first." if run.state.is_active else None,
    )
    st.button(
        "Delete",
        icon=":material/delete:",
        key="run/delete",
        type="primary",
        disabled=not sure,
        on_click=_delete_now,
        args=(run.id,),
    )


def _delete_now(run_id: str) -> None:
    if failures.succeeded(state.client().runs.delete, run_id):
        st.session_state[_DELETED] = run_id


def leave_when_deleted(reference: str) -> None:
    """Switch to the page Runs if this session deleted the run with this id or id prefix."""
    if st.session_state.get(_DELETED, "").startswith(reference):
        del st.session_state[_DELETED]
        # Without query_params Streamlit raises an error while the address names a tab.
        st.switch_page(links.RUNS, query_params={})
