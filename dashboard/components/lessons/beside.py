"""Lessons on the page: each behind a button beside the options that it explains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from core.errors import ConvscopeError, InvalidExperiment
from core.spec import Experiment, parse
from dashboard import live_chart
from dashboard.components.lessons.figures import figure
from dashboard.components.lessons.texts import Lesson, lessons
from dashboard.components.text import inert

_WIDTH_PX = 460
_HEIGHT_PX = 240


def show(names: Iterable[str], raw: Mapping[str, Any]) -> None:
    """A row of buttons, one a lesson. ``raw`` is what is filled in, right or wrong."""
    found = [lessons()[name] for name in names]
    if not found:
        return
    with st.container(horizontal=True, gap="xsmall"):
        for lesson in found:
            _one(lesson, raw)


def _one(lesson: Lesson, raw: Mapping[str, Any]) -> None:
    # Drawn when it is opened: a page of closed ones must not compute their figures.
    behind = st.popover(
        lesson.title,
        icon=":material/school:",
        type="tertiary",
        key=f"lesson/{lesson.name}",
        on_change="rerun",
    )
    if not behind.open:
        return
    with behind, st.container(width=_WIDTH_PX, gap="xsmall"):
        st.markdown(f"**{lesson.title}**")
        st.markdown(lesson.text)
        _figure(lesson, raw)


def _figure(lesson: Lesson, raw: Mapping[str, Any]) -> None:
    try:
        drawn = figure(lesson.name, _experiment(raw))
    except ConvscopeError as error:
        st.caption(inert(str(error)))  # the network does not fit its images: the form says where
        return
    if drawn is not None:
        live_chart.show(
            drawn,
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
