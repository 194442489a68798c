"""The filter of the table of runs. The address holds it, so that a link restores it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from core.records.runs import Run, RunState
from dashboard.shared.links import run_label

_SHORTEST_ID = 4


@dataclass(frozen=True)
class Filter:
    """Conditions on runs; an empty one matches every run."""

    words: str = ""
    states: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def matches(self, run: Run) -> bool:
        """Whether a run is shown. Each word must be in its name, tags, notes or data set, or be
        the start of its id."""
        text = " ".join([run_label(run), run.notes, *run.tags, run.dataset]).lower()
        return (
            all(word in text or _begins_id(word, run) for word in self.words.lower().split())
            and (not self.states or run.state in self.states)
            and (not self.datasets or run.dataset in self.datasets)
            and (not self.presets or run.preset in self.presets)
            and (not self.tags or bool(set(self.tags) & set(run.tags)))
        )


def _begins_id(word: str, run: Run) -> bool:
    # Ids are hexadecimal: a seed such as 2 must not find every id with a 2.
    return len(word) >= _SHORTEST_ID and run.id.startswith(word)


def show(runs: Sequence[Run]) -> Filter:
    """Show the filter's widgets. Their keys are the parameter names in the address."""
    with st.grid("auto", min_column_width=160, gap=("xsmall", "small")):
        words = st.text_input(
            "Search",
            key="q",
            type="search",
            live=True,
            placeholder="Name, tag, note, id",
            bind="query-params",
        )
        states = _several("State", "state", [each.value for each in RunState])
        datasets = _several("Data set", "data", {run.dataset for run in runs})
        presets = _several("Preset", "preset", {run.preset for run in runs if run.preset})
        tags = _several("Tags", "tag", {tag for run in runs for tag in run.tags})
    return Filter(words or "", states, datasets, presets, tags)


def archived_too() -> bool:
    """A switch: whether archived runs are shown too."""
    return st.toggle("Show archived", key="archived", bind="query-params")


def trials_too() -> bool:
    """A switch: whether trials of searches are shown too. There may be hundreds of them."""
    return st.toggle(
        "Show trials",
        key="trials",
        help="Trials are the runs of searches. Each search lists its trials on its own page.",
        bind="query-params",
    )


def _several(label: str, key: str, options: Iterable[str]) -> tuple[str, ...]:
    listed = list(options) if isinstance(options, list) else sorted(options)
    return tuple(
        st.multiselect(label, listed, key=key, placeholder="All", bind="query-params") or ()
    )
