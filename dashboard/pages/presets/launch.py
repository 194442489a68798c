"""Launch options for the presets page, and the launch of a preset, with its base, or as a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import streamlit as st

from core.spec import Experiment
from core.spec.files import Preset
from core.spec.overrides import override
from dashboard import state
from dashboard.shared import links
from dashboard.shared.text import counted

_LAUNCHED = "gallery/launched"
_AS_IN_PRESET = "as in the preset"


@dataclass(frozen=True)
class LaunchOptions:
    """Settings for every launch from this page; None and empty text keep the preset's own."""

    dataset: str | None = None
    epochs: int | None = None
    seeds: str = ""

    def applied_to(self, experiment: Experiment) -> Experiment:
        """The experiment with these settings. Raises InvalidExperiment, which names the field."""
        changes = [
            f"data.dataset={self.dataset}" if self.dataset else "",
            f"training.epochs={self.epochs}" if self.epochs is not None else "",
            f"seeds=[{self.seeds}]" if self.seeds.strip() else "",
        ]
        return override(experiment, [change for change in changes if change])

    def __str__(self) -> str:
        """``on digits, 3 epochs, seeds 1, 2``; empty without any setting."""
        parts = [
            f"on {self.dataset}" if self.dataset else "",
            counted(self.epochs, "epoch") if self.epochs is not None else "",
            f"seeds {self.seeds}" if self.seeds.strip() else "",
        ]
        return ", ".join(part for part in parts if part)


def show_options() -> LaunchOptions:
    """The popover with the options; the session keeps them when another page is opened."""
    kept = state.session("gallery/how", LaunchOptions)
    lab = state.client()
    names = [None, *(each.name for each in lab.datasets.list())]
    label = f"Launch options: {kept}" if str(kept) else "Launch options"
    with st.popover(label, icon=":material/tune:"):
        st.caption("For every launch from this page. An empty field keeps the value of the preset.")
        dataset = st.selectbox(
            "Data set",
            names,
            index=names.index(kept.dataset) if kept.dataset in names else 0,
            format_func=lambda name: lab.datasets.info(name).title if name else _AS_IN_PRESET,
            key="gallery/dataset",
        )
        epochs = st.number_input(
            "Epochs", 1, 1000, kept.epochs, step=1, placeholder=_AS_IN_PRESET, key="gallery/epochs"
        )
        seeds = st.text_input(
            "Seeds",
            kept.seeds,
            placeholder=_AS_IN_PRESET,
            help="Separated by commas, one run per seed. Several seeds show how much a score "
            "varies by chance.",
            key="gallery/seeds",
        )
    chosen = LaunchOptions(dataset, epochs, ", ".join(seeds.replace(",", " ").split()))
    if chosen != kept:
        # The label of the popover shows the options.
        st.session_state["gallery/how"] = chosen
        st.rerun()
    return chosen


def alone(preset: Preset, options: LaunchOptions) -> None:
    """Launch a preset and stay on the page, so that others can be launched too."""
    runs = state.client().runs.submit(options.applied_to(preset.experiment), preset=preset.name)
    launched: dict[str, list[str]] = state.session(_LAUNCHED, dict)
    launched.setdefault(preset.name, []).extend(run.id for run in runs)
    st.toast(f"{counted(len(runs), 'run')} launched.", icon=":material/rocket_launch:")


def with_base(preset: Preset, base: Preset, options: LaunchOptions) -> NoReturn:
    """Launch a preset and its base with the same seeds, and open their comparison."""
    changed = options.applied_to(preset.experiment)
    other = options.applied_to(base.experiment).model_copy(update={"seeds": changed.seeds})
    runs = state.client().runs.submit_together([(other, base.name), (changed, preset.name)])
    links.switch_to_comparison(runs)


def grid(preset: Preset, options: LaunchOptions) -> NoReturn:
    """Launch the grid of a preset, and open the comparison of its runs."""
    assert preset.grid is not None  # noqa: S101 - only presets with a grid have the button
    runs = state.client().grids.submit(
        options.applied_to(preset.experiment), preset.grid, preset=preset.name
    )
    links.switch_to_comparison(runs)


def launched(preset: Preset) -> list[str]:
    """Ids of the runs of a preset that were launched from this page in this session."""
    found: dict[str, list[str]] = state.session(_LAUNCHED, dict)
    return found.get(preset.name, [])
