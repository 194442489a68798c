"""Lessons, from ``texts.toml``: a button for each, beside the options that it explains."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import ConvscopeError, InvalidExperiment
from core.spec import Experiment, parse
from dashboard import live_chart
from dashboard.form.lessons.figures import figure
from dashboard.shared.text import inert

_FILE = Path(__file__).with_name("texts.toml")
_WIDTH_PX = 620
_HEIGHT_PX = 240


@dataclass(frozen=True)
class Lesson:
    """Two to five sentences about one idea."""

    name: str
    title: str
    text: str
    figure: str = ""
    """Caption of its figure; empty for a lesson without one."""


@cache
def lessons() -> Mapping[str, Lesson]:
    """All lessons by name."""
    raw = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: Lesson(name=name, **parts) for name, parts in raw.items()}


def choose(place: str, names: Sequence[str]) -> Lesson | None:
    """A row of buttons, one per lesson; the chosen lesson. A second click closes it.

    Not popovers with ``on_change``: see `dashboard.streamlit_workarounds.popovers`.
    """
    if not names:
        return None
    chosen = st.pills(
        "Lessons",
        names,
        format_func=lambda name: f":material/school: {lessons()[name].title}",
        key=f"lessons/{place}",
        label_visibility="collapsed",
    )
    return lessons()[chosen] if chosen else None


def show(lesson: Lesson | None, raw: Mapping[str, Any]) -> None:
    """The chosen lesson with its figure. ``raw``: the draft of the experiment, right or wrong."""
    if lesson is None:
        return
    with st.container(border=True, width=_WIDTH_PX, gap="xsmall"):
        st.markdown(f"**{lesson.title}**")
        st.markdown(lesson.text)
        _figure(lesson, raw)


def _figure(lesson: Lesson, raw: Mapping[str, Any]) -> None:
    try:
        shown = figure(lesson.name, _experiment(raw))
    except ConvscopeError as error:
        st.caption(inert(str(error)))  # the form shows at which field
        return
    if shown is not None:
        live_chart.show(
            shown,
            key=f"lesson/{lesson.name}/figure",
            height=_HEIGHT_PX,
            description=lesson.figure,
        )
        st.caption(lesson.figure)


def _experiment(raw: Mapping[str, Any]) -> Experiment | None:
    try:
        return parse(raw)
    except InvalidExperiment:
        return None
