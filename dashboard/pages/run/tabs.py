"""The tabs of a run's page. The address holds which tab is open."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.errors import ConvscopeError
from core.records.runs import Run
from dashboard import state
from dashboard.pages.run import artifacts, curves
from dashboard.shared import config_diff, layer_table, plain_table, test_score
from dashboard.shared.plain_table import Cell
from dashboard.shared.text import inert

NUM_LOG_LINES = 200


def show(run: Run, metrics: pd.DataFrame) -> None:
    """Show the tabs; only the open one is rendered."""
    contents: dict[str, Callable[[], None]] = {
        "Curves": lambda: curves.show(run, metrics),
        "Config": lambda: _config(run),
        "Layers": lambda: layer_table.show(
            state.client().experiments.describe(state.client().runs.clone(run.id))
        ),
        "Files": lambda: artifacts.show(run),
        "Events": lambda: _events(run),
        "Log": lambda: _log(run),
        "Test score": lambda: test_score.show(run),
    }
    tabs = st.tabs(list(contents), key="tab", bind="query-params")
    for tab, show_content in zip(tabs, contents.values(), strict=True):
        if tab.open:
            with tab:
                try:
                    show_content()
                except ConvscopeError as error:
                    st.info(inert(str(error)))


def _config(run: Run) -> None:
    mine = config_diff.of_run(run)
    base = _preset_config(run)
    if base is None:
        plain_table.show(
            ["Setting", "This run"],
            [[config_diff.spoken(path), config_diff.shown(value)] for path, value in mine.items()],
            label="Settings of the run",
            caption="This run was not launched from a preset.",
        )
        return
    only = st.toggle("Show differences from the preset only", value=True, key="run/only")
    rows = [
        _config_row(path, mine, base)
        for path in config_diff.paths([mine, base], only_differing=only)
    ]
    if not rows:
        st.info("No differences: the run has the settings of its preset.")
        return
    plain_table.show(
        ["Setting", "This run", f"Preset {run.preset}"], rows, label="Settings against the preset"
    )


def _config_row(path: str, mine: config_diff.Flat, base: config_diff.Flat) -> list[str | Cell]:
    same = mine.get(path) == base.get(path)
    here = Cell(config_diff.shown(mine.get(path)), strong=not same)
    return [config_diff.spoken(path), here, config_diff.shown(base.get(path))]


def _preset_config(run: Run) -> config_diff.Flat | None:
    if run.preset is None:
        return None
    try:
        preset = state.client().experiments.preset(run.preset)
    except ConvscopeError:
        return None  # a preset of an earlier version
    return config_diff.flat(preset.experiment.to_dict())


def _events(run: Run) -> None:
    rows: list[list[str | Cell]] = [
        [
            f"{event.at.astimezone():%d %b %H:%M:%S}",
            str(event.attempt),
            event.after.value
            if event.before in (None, event.after)
            else f"{event.before} → {event.after}",
            event.reason,
        ]
        for event in state.client().runs.events(run.id)
    ]
    plain_table.show(["Time", "Attempt", "State", "Event"], rows, label="Events of the run")


def _log(run: Run) -> None:
    text = state.client().runs.log(run.id, NUM_LOG_LINES)
    if not text:
        st.info("The trainer has not written any output yet.")
        return
    st.caption(
        f"The last lines of the trainer's output, at most {NUM_LOG_LINES}, newest at the bottom."
    )
    st.code(text, language=None, wrap_lines=True, height=420)
