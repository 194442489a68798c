"""One preset on the page: its lesson, its figures, what it changes, and its launch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from core.errors import ConvscopeError, RunNotFound
from core.models.summary import Summary
from core.spec.files import Preset
from core.spec.grid import typed
from dashboard import state
from dashboard.pages.presets import facts, launch
from dashboard.pages.presets.changes import changes
from dashboard.pages.presets.launch import How
from dashboard.shared import failures, links, plain_table
from dashboard.shared.text import duration, inert

_MOST_LINKS = 3


def show(
    preset: Preset,
    presets: Mapping[str, Preset],
    summaries: Mapping[str, Summary],
    way: How,
    *,
    opened: bool = False,
) -> None:
    """A card. ``opened``: what it teaches and what it changes stand there at once."""
    about, base = preset.about, presets.get(preset.about.base)
    # The asked one may be on the page twice.
    key = f"preset/{'asked/' if opened else ''}{preset.name}"
    with st.container(border=True, gap="xsmall", height="stretch", key=key.replace("/", "-")):
        st.markdown(f"##### {inert(about.title)}")
        st.markdown(inert(about.lesson or _first_sentence(about.teaches)))
        st.caption(inert(facts.size(summaries.get(preset.name), preset.experiment)))
        _scores(preset)
        if opened:
            _details(preset, base, presets)
        else:
            label = "What changes against the base" if base else "More about it"
            more = st.expander(label, type="compact", key=f"{key}/more", on_change="rerun")
            if more.open:
                with more:
                    _details(preset, base, presets)
        _buttons(preset, base, way, key)


def _scores(preset: Preset) -> None:
    lines = []
    for measured in facts.alike(preset.about.measured) or [[]]:
        lines.append(f"**Measured**: {inert(facts.scores(measured))}")
        lines.append(f":small[{inert(facts.circumstances(measured))}]" if measured else "")
    lines.append(f"**Reference**: {inert(preset.about.reference)}")
    st.markdown("  \n".join(f":small[{line}]" for line in lines if line))


def _details(preset: Preset, base: Preset | None, presets: Mapping[str, Preset]) -> None:
    st.markdown(inert(preset.about.teaches))
    if base is not None:
        plain_table.show(
            ["Setting", base.about.title, preset.about.title],
            changes(base.experiment, preset.experiment),
            label=f"What {preset.about.title} changes",
            caption=f"Against its base, {base.about.title}; all else is the same.",
        )
    others = [presets[name] for name in preset.about.compare_with if name in presets]
    if others:
        st.caption("Compare it with")
        with st.container(horizontal=True, gap="small"):
            for other in others:
                links.preset(other.name, other.about.title)
    st.caption(inert(preset.about.origin))


def _buttons(preset: Preset, base: Preset | None, way: How, key: str) -> None:
    actions: dict[str, Callable[[], None]] = {"Launch": partial(launch.alone, preset, way)}
    if base is not None:
        actions["Launch with its base"] = partial(launch.with_base, preset, base, way)
    if preset.grid is not None:
        number = preset.grid.num_points
        actions[f"Launch the grid of {number}"] = partial(launch.all_of_grid, preset, way)
    pressed = None
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        links.open_in_form(preset.name, "Open in the form")
        for label, act in actions.items():
            if st.button(label, key=f"{key}/{label}", help=_help(label, preset, base, way)):
                pressed = act
    if pressed is not None:
        with failures.shown():
            pressed()
    _launched(preset)


def _help(label: str, preset: Preset, base: Preset | None, way: How) -> str:
    as_chosen = f" {way}." if str(way) else ""
    if label == "Launch":
        return f"One run a seed, as the preset says.{as_chosen}"
    if label.startswith("Launch with") and base is not None:
        return (
            f"{inert(base.about.title)} and this one with the same seeds; then their "
            f"comparison opens.{as_chosen}"
        )
    return f"{_grid(preset, way)} Then their comparison opens.{as_chosen}"


def _grid(preset: Preset, way: How) -> str:
    if preset.grid is None:
        return ""
    axes = "; ".join(
        f"{axis.key} = {', '.join(map(typed, axis.values))}" for axis in preset.grid.axes
    )
    try:
        whole = state.client().grids.estimate(way.of(preset.experiment), preset.grid)
    except ConvscopeError:
        return f"{inert(axes)}."
    return f"{inert(axes)}. About {duration(whole.seconds)} on this machine."


def _launched(preset: Preset) -> None:
    lab = state.client()
    for run_id in launch.launched(preset)[-_MOST_LINKS:]:
        try:
            links.run(lab.runs.get(run_id))
        except RunNotFound:
            continue  # deleted since, on another page or by somebody else


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".") + "."
