"""The card of a preset: its lesson, size, scores, changes against its base, and launch buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from core.errors import ConvscopeError, RunNotFound
from core.models.summary import Summary
from core.spec.files import Preset
from core.spec.grid import typed
from dashboard import state
from dashboard.pages.presets import descriptions, launch
from dashboard.pages.presets.launch import LaunchOptions
from dashboard.shared import failures, links, plain_table
from dashboard.shared.text import duration, inert

_MOST_LINKS = 3
_Action = tuple[str, str, Callable[[], None]]
"""The label of a button, its help, and what it does."""


def show(
    preset: Preset,
    presets: Mapping[str, Preset],
    summaries: Mapping[str, Summary],
    options: LaunchOptions,
    *,
    opened: bool = False,
) -> None:
    """The card. ``opened``: with its details, for the preset that the address names."""
    about, base = preset.about, presets.get(preset.about.base)
    # The preset of the address may be on the page twice.
    key = f"preset/{'asked/' if opened else ''}{preset.name}"
    with st.container(border=True, gap="xsmall", height="stretch", key=key.replace("/", "-")):
        st.markdown(f"##### {inert(about.title)}")
        st.markdown(inert(about.lesson or _first_sentence(about.teaches)))
        st.caption(inert(descriptions.size(summaries.get(preset.name), preset.experiment)))
        _scores(preset)
        if opened:
            _details(preset, base, presets)
        else:
            label = "Changes against the base" if base else "Details"
            more = st.expander(label, type="compact", key=f"{key}/more", on_change="rerun")
            if more.open:
                with more:
                    _details(preset, base, presets)
        _buttons(preset, base, options, key)


def _scores(preset: Preset) -> None:
    lines = []
    for measured in descriptions.group_comparable(preset.about.measured) or [[]]:
        lines.append(f"**Measured**: {inert(descriptions.scores(measured))}")
        lines.append(f":small[{inert(descriptions.conditions(measured))}]" if measured else "")
    lines.append(f"**Reference**: {inert(preset.about.reference)}")
    st.markdown("  \n".join(f":small[{line}]" for line in lines if line))


def _details(preset: Preset, base: Preset | None, presets: Mapping[str, Preset]) -> None:
    st.markdown(inert(preset.about.teaches))
    if base is not None:
        plain_table.show(
            ["Setting", base.about.title, preset.about.title],
            descriptions.changes(base.experiment, preset.experiment),
            label=f"What {preset.about.title} changes",
            caption=f"Compared with its base, {base.about.title}. All other settings are the same.",
        )
    others = [presets[name] for name in preset.about.compare_with if name in presets]
    if others:
        st.caption("Compare with")
        with st.container(horizontal=True, gap="small"):
            for other in others:
                links.preset(other.name, other.about.title)
    st.caption(inert(preset.about.origin))


def _buttons(preset: Preset, base: Preset | None, options: LaunchOptions, key: str) -> None:
    chosen = f" Launch options: {options}." if str(options) else ""
    alone = f"One run per seed.{chosen}"
    actions: list[_Action] = [("Launch", alone, partial(launch.alone, preset, options))]
    if base is not None:
        text = (
            f"Launches {inert(base.about.title)} and this preset with the same seeds, and opens "
            f"their comparison.{chosen}"
        )
        with_base = partial(launch.with_base, preset, base, options)
        actions.append(("Launch with its base", text, with_base))
    if preset.grid is not None:
        text = f"{_grid(preset, options)} Opens their comparison after the launch.{chosen}"
        label = f"Launch the grid of {preset.grid.num_points}"
        actions.append((label, text, partial(launch.grid, preset, options)))
    pressed = None
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        links.open_in_form(preset.name, "Open in form")
        for label, text, act in actions:
            if st.button(label, key=f"{key}/{label}", help=text):
                pressed = act
    if pressed is not None:
        with failures.shown():
            pressed()
    _launched(preset)


def _grid(preset: Preset, options: LaunchOptions) -> str:
    if preset.grid is None:
        return ""
    axes = "; ".join(
        f"{axis.key} = {', '.join(map(typed, axis.values))}" for axis in preset.grid.axes
    )
    try:
        whole = state.client().grids.estimate(options.applied_to(preset.experiment), preset.grid)
    except ConvscopeError:
        return f"{inert(axes)}."
    return f"{inert(axes)}. About {duration(whole.seconds)} on this machine."


def _launched(preset: Preset) -> None:
    lab = state.client()
    for run_id in launch.launched(preset)[-_MOST_LINKS:]:
        try:
            links.run(lab.runs.get(run_id))
        except RunNotFound:
            continue  # deleted on another page or by another user


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".") + "."
