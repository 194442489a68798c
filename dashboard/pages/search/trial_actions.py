"""What can be done with the selected trials."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.records.runs import Run
from core.records.searches import Trial
from dashboard import state
from dashboard.charts.search.points import in_words
from dashboard.pages.search import manual_trial
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared import failures, links
from dashboard.shared.text import counted, inert

_MOST_COMPARED = 50


def show(seen: Snapshot, trials: Sequence[Trial]) -> None:
    """A bar of actions for one trial or several, and a line that says for which.

    Both stand there without a tick too, so that the table does not move at the first one; where
    a trial has a run a seed, a narrow page still makes room for their links.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        runs = [seen.runs[each] for trial in trials for each in trial.run_ids if each in seen.runs]
        _go(trials, runs)
        _stop(seen, [trial for trial in trials if not trial.state.is_ended])
        manual_trial.popover(seen, trials[0] if trials else None)
        st.button(
            "Hide",
            icon=":material/visibility_off:",
            key="search/hide",
            disabled=not trials,
            on_click=_hide,
            args=(seen.id, [trial.number for trial in trials]),
        )
    st.caption(_named(trials))


def _named(trials: Sequence[Trial]) -> str:
    if not trials:
        return "Tick a trial to open, stop, copy or predict with it."
    if len(trials) > 1:
        return f"{len(trials):,} trials ticked"
    return f"Trial {trials[0].number}: {inert(in_words(trials[0].values))}"


def _go(trials: Sequence[Trial], runs: Sequence[Run]) -> None:
    of_one = runs if len(trials) == 1 else []
    if len(of_one) > 1:
        for run in of_one[:3]:
            links.run(run, f"Run of seed {run.seed}")
    else:
        links.run_by_id(of_one[0].id if of_one else "", "Open its run")
    links.clone(of_one[0].id if of_one else "", "Copy into the form")
    links.compare([run.id for run in runs[:_MOST_COMPARED]] if len(runs) > 1 else [])
    able = [run.id for run in runs if run.best is not None]
    links.predict(able[:_MOST_COMPARED], "Predict")


def _stop(seen: Snapshot, trials: Sequence[Trial]) -> None:
    st.button(
        "Stop" if len(trials) < 2 else f"Stop {counted(len(trials), 'trial')}",
        icon=":material/stop_circle:",
        key="search/stop_trial",
        disabled=not trials,
        help="It stops after its batch, counts as stopped, and keeps its curve.",
        on_click=_stop_each,
        args=(seen.id, [trial.number for trial in trials]),
    )


def _stop_each(search_id: str, numbers: Sequence[int]) -> None:
    for number in numbers:
        failures.attempt(state.client().trials.stop, search_id, number)


def _hide(search_id: str, numbers: Sequence[int]) -> None:
    state.session(f"search/hidden/{search_id}", set[int]).update(numbers)
