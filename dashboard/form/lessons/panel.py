"""Lessons on the page: a button each beside the options that it explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.errors import ConvscopeError, InvalidExperiment
from core.spec import Experiment, parse
from dashboard import live_chart
from dashboard.form.lessons.figures import figure
from dashboard.form.lessons.texts import Lesson, lessons
from dashboard.shared.text import inert

_WIDTH_PX = 620
_HEIGHT_PX = 240


def choose(place: str, names: Sequence[str]) -> Lesson | None:
    """A row of buttons, one a lesson; the one that is pressed in. Another press lets it out.

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
    """What was chosen, with its figure. ``raw`` is what is filled in, right or wrong."""
    if lesson is None:
        return
    with st.container(border=True, width=_WIDTH_PX, gap="xsmall"):
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
