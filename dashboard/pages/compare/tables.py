"""The scores and settings of several runs, in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import ConvscopeError
from core.models.summary import Summary
from core.records.runs import Run
from dashboard import state
from dashboard.pages.compare.curves import styles
from dashboard.pages.compare.groups import EACH_RUN, grouped
from dashboard.shared import config_diff, plain_table, scores, table_file
from dashboard.shared.links import run_label
from dashboard.shared.plain_table import Cell
from dashboard.shared.scores import Epoch
from dashboard.shared.text import NOTHING, counted, duration, large, number, percent


def reached(runs: Sequence[Run], metrics: pd.DataFrame, group: str) -> None:
    """Show each run's first, best and last validation score, parameters, FLOPs and time."""
    rows = [
        _reached(run, scores.epochs(metrics, run.id), colour) for run, colour in _with_colours(runs)
    ]
    heads = ["Run", "First", "Best", "Last", "Last (training)", "Parameters", "FLOPs", "Time"]
    plain_table.show(
        [heads[0], *(Cell(head, number=True) for head in heads[1:])],
        rows,
        label="First, best and last scores",
        caption="First, best and last: accuracy on the validation split, with epoch and loss. "
        "FLOPs: per image, forward pass. Time: training time.",
    )
    if group != EACH_RUN:
        _means(runs, group)


def settings(runs: Sequence[Run]) -> None:
    """Show the settings, one column per run; by default only those that differ."""
    only = st.toggle("Show differences only", value=True, key="only", bind="query-params")
    flats = [config_diff.of_run(run) for run in runs]
    paths = config_diff.paths(flats, only_differing=only)
    if not paths:
        st.info("These runs have the same settings, including the seed.")
        return
    heads = [
        Cell(run_label(run), dot=colour, small=run.id[:6]) for run, colour in _with_colours(runs)
    ]
    rows = [
        [config_diff.spoken(path), *(config_diff.shown(flat.get(path)) for flat in flats)]
        for path in paths
    ]
    plain_table.show(["Setting", *heads], rows, label="Settings of the runs")


def csv_of(metrics: pd.DataFrame) -> str:
    """Every training and validation value, one row per epoch, split and metric."""
    return table_file.csv_of(metrics[metrics["split"] != "test"])


def _with_colours(runs: Sequence[Run]) -> list[tuple[Run, str]]:
    return [(run, style[2]) for run, style in zip(runs, styles(runs), strict=True)]


def _reached(run: Run, done: Mapping[int, Epoch], colour: str) -> list[str | Cell]:
    name = Cell(run_label(run), small=f"{run.state.value} · {run.id[:6]}", dot=colour)
    best = done.get(run.best.epoch) if run.best else None
    first, last = (done[min(done)], done[max(done)]) if done else (None, None)
    summary = _summary(run)
    return [
        name,
        _score(first, "validation"),
        _score(best, "validation", strong=True),
        _score(last, "validation"),
        _score(last, "train"),
        Cell(number(summary.parameters) if summary else NOTHING, number=True),
        Cell(large(summary.flops) if summary else NOTHING, number=True),
        Cell(duration(last.seconds if last else None), number=True),
    ]


def _score(epoch: Epoch | None, split: str, *, strong: bool = False) -> Cell:
    if epoch is None:
        return Cell(NOTHING, number=True)
    loss = epoch.value(split, "loss")
    small = f"epoch {epoch.number}" + ("" if loss is None else f" · loss {loss:.3g}")
    return Cell(percent(epoch.value(split, "accuracy")), small, strong=strong, number=True)


def _means(runs: Sequence[Run], group: str) -> None:
    by_id = {run.id: run for run in runs}
    rows: list[list[str | Cell]] = []
    for each in grouped(runs, group):
        found = [by_id[run_id].best for run_id in each.run_ids]
        best = [one.val_accuracy for one in found if one is not None]
        rows.append([Cell(each.label, dot=each.colour), Cell(_mean(best), number=True)])
    plain_table.show(
        ["Group", Cell("Best validation accuracy, mean ± std", number=True)],
        rows,
        label="Scores of the groups",
    )


def _mean(values: Sequence[float]) -> str:
    if not values:
        return NOTHING
    if len(values) == 1:
        return f"{percent(values[0])} (n = 1)"
    mean, std = percent(float(np.mean(values))), 100 * float(np.std(values, ddof=1))
    return f"{mean} ± {std:.1f} (n = {len(values)})"


def _summary(run: Run) -> Summary | None:
    def describe() -> Summary | None:
        client = state.client()
        try:
            return client.experiments.describe(client.runs.clone(run.id))
        except ConvscopeError:
            return None  # its data set or a layer is unknown here: the table shows the rest

    return state.session(f"summary/{run.digest}", describe)


def title(runs: Sequence[Run]) -> str:
    """``3 runs, 2 of them not finished yet``."""
    busy = sum(run.state.is_active for run in runs)
    more = f", {busy} of them not finished yet" if busy else ""
    return f"{counted(len(runs), 'run')}{more}"
