"""How presets are launched from the gallery, and the launch of one, of two, or of a grid."""

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
_OWN = "each preset's own"


@dataclass(frozen=True)
class How:
    """What goes for every launch from this page; None leaves it to the preset."""

    dataset: str | None = None
    epochs: int | None = None
    seeds: str = ""

    def of(self, experiment: Experiment) -> Experiment:
        """The experiment so changed. Raises InvalidExperiment naming the field."""
        changes = [
            f"data.dataset={self.dataset}" if self.dataset else "",
            f"training.epochs={self.epochs}" if self.epochs is not None else "",
            f"seeds=[{self.seeds}]" if self.seeds.strip() else "",
        ]
        return override(experiment, [change for change in changes if change])

    def __str__(self) -> str:
        """``on digits, 3 epochs, seeds 1, 2``; empty when presets go as they are."""
        parts = [
            f"on {self.dataset}" if self.dataset else "",
            counted(self.epochs, "epoch") if self.epochs is not None else "",
            f"seeds {self.seeds}" if self.seeds.strip() else "",
        ]
        return ", ".join(part for part in parts if part)


def how() -> How:
    """The popover that says how to launch; kept while this visitor goes from page to page."""
    kept = state.session("gallery/how", How)
    lab = state.client()
    names = [None, *(each.name for each in lab.datasets.list())]
    label = f"Launch {kept}" if str(kept) else "Launch as each preset says"
    with st.popover(label, icon=":material/tune:"):
        st.caption("For a quick or a fairer comparison. What is empty stays as the preset has it.")
        dataset = st.selectbox(
            "Data set",
            names,
            index=names.index(kept.dataset) if kept.dataset in names else 0,
            format_func=lambda name: lab.datasets.info(name).title if name else _OWN,
            key="gallery/dataset",
        )
        epochs = st.number_input(
            "Epochs", 1, 1000, kept.epochs, step=1, placeholder=_OWN, key="gallery/epochs"
        )
        seeds = st.text_input(
            "Seeds",
            kept.seeds,
            placeholder=_OWN,
            help="Separated by commas. Several show how much of a difference is luck.",
            key="gallery/seeds",
        )
    chosen = How(dataset, epochs, ", ".join(seeds.replace(",", " ").split()))
    if chosen != kept:
        # The button's own label says what is chosen.
        st.session_state["gallery/how"] = chosen
        st.rerun()
    return chosen


def alone(preset: Preset, way: How) -> None:
    """Launch it, and stay: people launch several in a row."""
    runs = state.client().runs.submit(way.of(preset.experiment), preset=preset.name)
    launched: dict[str, list[str]] = state.session(_LAUNCHED, dict)
    launched.setdefault(preset.name, []).extend(run.id for run in runs)
    st.toast(f"{counted(len(runs), 'run')} launched.", icon=":material/rocket_launch:")


def with_base(preset: Preset, base: Preset, way: How) -> NoReturn:
    """Launch it and its base with the same seeds, and go where the two are compared."""
    mine = way.of(preset.experiment)
    other = way.of(base.experiment).model_copy(update={"seeds": mine.seeds})
    runs = state.client().runs.submit_together([(other, base.name), (mine, preset.name)])
    links.switch_to_comparison(runs)


def all_of_grid(preset: Preset, way: How) -> NoReturn:
    """Launch its grid, and go where its runs are compared."""
    assert preset.grid is not None  # noqa: S101 - the button is there for such presets only
    runs = state.client().grids.submit(way.of(preset.experiment), preset.grid, preset=preset.name)
    links.switch_to_comparison(runs)


def launched(preset: Preset) -> list[str]:
    """The runs that this visitor launched of a preset, here."""
    found: dict[str, list[str]] = state.session(_LAUNCHED, dict)
    return found.get(preset.name, [])
