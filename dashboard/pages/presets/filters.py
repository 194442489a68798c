"""Which presets the gallery shows; the address keeps the choice, so that a link restores it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.spec.files import Preset
from dashboard import state

SECTIONS = {
    "A": "The lab's first network and its tuning",
    "B": "Six experiments on regularisation and capacity",
    "C": "Classic and pretrained networks",
    "D": "From scratch against transfer",
    "E": "Dense layers removed, kinds of convolution",
}
"""Headings of the groups that presets name; one that is not here stands last, as it is."""


@dataclass(frozen=True)
class Wanted:
    """Empty parts let everything through."""

    words: str = ""
    sections: tuple[str, ...] = ()

    def lets_through(self, preset: Preset) -> bool:
        """Every word must be in what the preset says about itself, its base or its blocks."""
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


def show(presets: Sequence[Preset]) -> Wanted:
    """The search and the sections. Their keys are the names in the address."""
    words = st.text_input(
        "Search the presets",
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
    return Wanted(words or "", tuple(sections or ()))


def asked(presets: Sequence[Preset]) -> Preset | None:
    """The preset that the address names, ``?preset=``; None when it names none."""
    name = state.asked("preset")
    found = next((preset for preset in presets if preset.name == name), None)
    if name and found is None:
        state.client().experiments.preset(name)  # raises the sentence that lists those there are
    return found


def in_order(presets: Sequence[Preset]) -> list[Preset]:
    """By section; in each, a base before what changes it, bases by their title."""
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
    "A": "A · First network",
    "B": "B · Six experiments",
    "C": "C · Classics",
    "D": "D · Scratch or transfer",
    "E": "E · Kinds of convolution",
}
