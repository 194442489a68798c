"""The launch button, the problems that disable it, and links to the launched runs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import FieldError, RunNotFound
from core.records.runs import Run
from core.spec import Experiment
from core.spec.grid import Grid
from dashboard import state
from dashboard.form import Draft
from dashboard.shared import failures, links
from dashboard.shared.field_names import spoken_path
from dashboard.shared.text import counted, inert

_LAUNCHED = "launched"
NO_GRID = Grid()
_MOST_PROBLEMS = 4


def show(
    filled: Draft,
    experiment: Experiment | None,
    wrong: Sequence[FieldError],
    grid: Grid = NO_GRID,
) -> None:
    """The launch button; while there are errors, it is disabled and they are listed."""
    # Not a callback: it would have the arguments of the last drawing, so that a click right after
    # a number was typed would launch the number before it.
    pressed = st.button(
        _label(experiment, grid),
        type="primary",
        icon=":material/rocket_launch:",
        width="stretch",
        disabled=bool(wrong) or experiment is None,
        key="launch",
    )
    if wrong:
        _problems(wrong)
    elif pressed and experiment is not None:
        with failures.shown():
            _submit(experiment, filled.preset, grid)
    _launched()


def _label(experiment: Experiment | None, grid: Grid) -> str:
    num_seeds = len(experiment.seeds) if experiment else 1
    num_runs = num_seeds * grid.num_points
    if grid.axes and num_runs > 1:
        return f"Launch the grid of {counted(num_runs, 'run')}"
    return f"Launch {num_runs} runs, one per seed" if num_runs > 1 else "Launch"


def _submit(experiment: Experiment, preset: str | None, grid: Grid) -> None:
    runs = state.client().grids.submit(experiment, grid, preset=preset)
    earlier: list[str] = st.session_state.get(_LAUNCHED, [])
    st.session_state[_LAUNCHED] = [*earlier, *(run.id for run in runs)]
    st.toast(f"{counted(len(runs), 'run')} launched.", icon=":material/rocket_launch:")
    if grid.axes and len(runs) > 1:
        links.switch_to_comparison(runs)


def _problems(wrong: Sequence[FieldError]) -> None:
    shown = [
        f"- **{inert(spoken_path(error.field))}**: {inert(error.message)}"
        if error.field
        else f"- {inert(error.message)}"
        for error in wrong[:_MOST_PROBLEMS]
    ]
    more = len(wrong) - len(shown)
    if more > 0:
        shown.append(f"- and {more} more")
    st.warning(
        f"{counted(len(wrong), 'problem')} to fix:\n" + "\n".join(shown),
        icon=":material/error:",
    )


def _launched() -> None:
    runs = _existing(st.session_state.get(_LAUNCHED, []))
    if not runs:
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown(
            f":material/check_circle: **Launched: {counted(len(runs), 'run')}.** Watch live:"
        )
        for run in runs[-6:]:
            links.run(run)
        if len(runs) > 1:
            links.compare([run.id for run in runs], f"Compare these {len(runs)} runs")


def _existing(run_ids: Sequence[str]) -> list[Run]:
    # Some may have been deleted since, on another page or by another user.
    client, runs = state.client(), []
    for run_id in run_ids:
        try:
            runs.append(client.runs.get(run_id))
        except RunNotFound:
            continue
    return runs
