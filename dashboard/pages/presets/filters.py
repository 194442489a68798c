"""The search and the sections of the presets page; both are kept in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.spec.files import Preset
from dashboard import state

SECTIONS = {
    "A": "First model and its tuning",
    "B": "Six experiments on regularisation and capacity",
    "C": "Classic and pretrained models",
    "D": "Training from scratch and transfer learning",
    "E": "Models without dense layers, kinds of convolution",
}
"""Heading of each group that presets name; a group without one is shown by its name."""


@dataclass(frozen=True)
class PresetFilter:
    """A search text and sections; an empty one matches every preset."""

    words: str = ""
    sections: tuple[str, ...] = ()

    def matches(self, preset: Preset) -> bool:
        """Whether the preset is in the sections and every word is in its texts or settings."""
        about = preset.about
        model = preset.experiment.model
        kinds = [each.kind for stage in model.stages for each in stage.convolutions]
        backbone = model.backbone.network if model.backbone else ""
        parts = (preset.name, about.title, about.lesson, about.teaches, about.base, backbone)
        text = " ".join([*parts, *kinds, preset.experiment.data.dataset])
        text = text.replace("_", " ").lower()
        return all(word in text for word in self.words.replace("_", " ").lower().split()) and (
            not self.sections or about.group in self.sections
        )


def show(presets: Sequence[Preset]) -> PresetFilter:
    """Draw the search and the sections. Their keys are the parameter names in the address."""
    words = st.text_input(
        "Search presets",
        key="find",
        type="search",
        live=True,
        placeholder="dropout, grouped, LeNet, MNIST ...",
        width=330,
        bind="query-params",
    )
    letters = dict.fromkeys(preset.about.group for preset in in_order(presets))
    sections = st.pills(
        "Sections",
        list(letters),
        selection_mode="multi",
        format_func=lambda letter: _SHORT.get(letter, letter),
        wrap=True,
        key="section",
        bind="query-params",
    )
    return PresetFilter(words or "", tuple(sections or ()))


def preset_in_address(presets: Sequence[Preset]) -> Preset | None:
    """The preset of ``?preset=``; None without one. Raises UnknownPreset."""
    name = state.asked("preset")
    found = next((preset for preset in presets if preset.name == name), None)
    if name and found is None:
        state.client().experiments.preset(name)  # raises UnknownPreset with the known names
    return found


def in_order(presets: Sequence[Preset]) -> list[Preset]:
    """By section and title; a base comes before the presets that change it."""
    titles = {preset.name: preset.about.title for preset in presets}

    def place(preset: Preset) -> tuple[str, str, bool, str]:
        base = preset.about.base
        family = titles.get(base, preset.about.title)
        return preset.about.group, family, bool(base), preset.about.title

    return sorted(presets, key=place)


def heading(group: str) -> str:
    """``B · Six experiments on regularisation and capacity``."""
    words = SECTIONS.get(group, "")
    return f"{group} · {words}" if words else group


_SHORT = {
    "A": "A · First model",
    "B": "B · Six experiments",
    "C": "C · Classics",
    "D": "D · Scratch and transfer",
    "E": "E · Kinds of convolution",
}
