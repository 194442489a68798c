"""Where the form begins: a preset, an old run or a file; and back again: undo, reset, save."""

from __future__ import annotations

import streamlit as st

from core.datasets.status import DatasetState
from core.errors import ConvscopeError, FieldError, InvalidExperiment
from core.models.backbones.catalog import BackboneInfo
from core.spec import Experiment, parse
from core.spec.files import experiment_from_toml, experiment_to_toml, grid_from_toml
from core.spec.grid import Grid
from dashboard import state
from dashboard.form import Draft
from dashboard.form.grid import form as grid_form
from dashboard.shared import failures, links
from dashboard.shared.text import inert, large

_FIRST_PRESET = "basic_cnn"
_AT_HAND = {DatasetState.READY, DatasetState.LOCAL, DatasetState.PREPARING}
_MOST_OLD_RUNS = 200


def draft() -> Draft:
    """This visitor's draft; the address may ask for another start (``?preset=``, ``?clone=``)."""
    filled = state.session("draft", _first_draft)
    asked = (state.asked("preset"), state.asked("clone"))
    if any(asked) and st.session_state.get("draft/asked") != asked:
        # Remembered before it is tried: an unknown id must not come back at every rerun.
        st.session_state["draft/asked"] = asked
        with failures.shown():
            _start_as_asked(filled, *asked)
    return filled


def show(filled: Draft) -> None:
    """Choose a start; undo, reset, take the experiment along as a file."""
    left, middle, right = st.columns([3, 3, 3], vertical_alignment="bottom")
    with left:
        _choose_preset(filled)
    with middle:
        _choose_run(filled)
    with right, st.container(horizontal=True, gap="xsmall"):
        _file_menu(filled)
        st.button(
            "Undo",
            icon=":material/undo:",
            on_click=filled.undo,
            disabled=not filled.can_undo,
            help="Take the last change back",
        )
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            on_click=filled.reset,
            disabled=not filled.changed,
            help=f"Back to where you started: {inert(filled.origin)}",
        )
    changed = ", changed" if filled.changed else ""
    st.caption(f"Started from {inert(filled.origin)}{changed}. {inert(_teaches(filled))}")


def read(filled: Draft) -> tuple[Experiment | None, list[FieldError]]:
    """The experiment, or its wrong fields."""
    try:
        return parse(filled.raw), []
    except InvalidExperiment as error:
        return None, error.errors


def _teaches(filled: Draft) -> str:
    found = [each for each in state.presets() if each.name == filled.preset]
    return found[0].about.teaches if found else ""


def _first_draft() -> Draft:
    lab = state.client()
    presets = {preset.name: preset for preset in state.presets()}
    preset = presets.get(_FIRST_PRESET) or next(iter(presets.values()), None)
    if preset is None:
        return Draft(Experiment(), origin="the defaults")
    experiment, origin = preset.experiment, f"the preset {preset.about.title}"
    if lab.datasets.get(experiment.data.dataset).state not in _AT_HAND:
        # The first thing a person sees must be able to run right now.
        data = experiment.data.model_copy(update={"dataset": "digits", "train_size": None})
        origin += f", on digits because {experiment.data.dataset} is not on this machine yet"
        experiment = experiment.model_copy(update={"data": data})
    return Draft(experiment, origin=origin, preset=preset.name)


def _start_as_asked(filled: Draft, preset: str, clone: str) -> None:
    if preset:
        _from_preset(filled, preset)
    else:
        _from_run(filled, clone)


def _from_preset(filled: Draft, name: str) -> None:
    preset = state.client().experiments.preset(name)
    filled.start_from(
        preset.experiment, origin=f"the preset {preset.about.title}", preset=preset.name
    )


def _from_run(filled: Draft, run_id: str) -> None:
    lab = state.client()
    run = lab.runs.get(run_id)
    filled.start_from(
        lab.runs.clone(run_id), origin=f"the run {links.run_label(run)}", preset=run.preset
    )


def _choose_preset(filled: Draft) -> None:
    every = sorted(state.presets(), key=lambda each: (each.about.group, each.about.title))
    presets = {preset.name: preset for preset in every}
    drawn = filled.generation
    key = f"start/preset/{drawn}"

    def choose() -> None:
        name = st.session_state[key]
        if name and filled.generation == drawn:  # else it is left over from before
            failures.attempt(_from_preset, filled, name)

    st.selectbox(
        "Start from a preset",
        list(presets),
        index=None,
        placeholder="Choose a preset",
        format_func=lambda name: f"{presets[name].about.group}  {presets[name].about.title}",
        help="A preset is a whole experiment with what it teaches. Undo brings your own back.",
        key=key,
        on_change=choose,
    )


def _choose_run(filled: Draft) -> None:
    runs = {run.id: run for run in state.runs()[:_MOST_OLD_RUNS]}
    drawn = filled.generation
    key = f"start/run/{drawn}"

    def choose() -> None:
        run_id = st.session_state[key]
        if run_id and filled.generation == drawn:  # else it is left over from before
            failures.attempt(_from_run, filled, run_id)

    st.selectbox(
        "or from an old run",
        list(runs),
        index=None,
        placeholder="Choose a run" if runs else "No runs yet",
        format_func=lambda run_id: links.run_label(runs[run_id]),
        disabled=not runs,
        key=key,
        on_change=choose,
    )


def _file_menu(filled: Draft) -> None:
    with st.popover("File", icon=":material/description:", help="Open or save it as TOML"):
        experiment, _ = read(filled)
        st.download_button(
            "Save as TOML",
            experiment_to_toml(experiment, _grid(filled)) if experiment else "",
            file_name=_file_name(experiment),
            mime="application/toml",
            icon=":material/download:",
            disabled=experiment is None,
            help=None if experiment else "Something is wrong in the form: mend it first.",
            on_click="ignore",
        )
        key = "start/file"

        def upload() -> None:
            file = st.session_state[key]
            if file is not None:
                failures.attempt(_from_file, filled, file.name, file.getvalue())

        st.file_uploader("Open a TOML file", type=["toml"], key=key, on_change=upload)


def _from_file(filled: Draft, name: str, content: bytes) -> None:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConvscopeError(f"{name} is no text in UTF-8, so it cannot be TOML.") from error
    experiment, grid = experiment_from_toml(text), grid_from_toml(text)
    filled.start_from(experiment, origin=f"the file {name}")
    if grid is not None:
        grid_form.kept(filled).take(grid, filled.origin)


def _grid(filled: Draft) -> Grid | None:
    grid, _ = grid_form.kept(filled).grid()
    return grid if grid.axes else None


def _file_name(experiment: Experiment | None) -> str:
    name = experiment.name if experiment else ""
    safe = "".join(char if char.isalnum() else "_" for char in name)[:60]
    return f"{safe or 'experiment'}.toml"


def choices(filled: Draft) -> dict[str, dict[str, str]]:
    """What the lab alone knows of a field's values: its data sets, networks and runs."""
    networks = {each.name: _network_title(each) for each in state.client().experiments.backbones()}
    return {
        "data.dataset": dataset_titles(),
        "model.backbone.network": networks,
        "model.backbone.weights.run": _lending_runs(filled),
    }


def _network_title(network: BackboneInfo) -> str:
    return f"{network.name} ({large(sum(network.parameters))})"


def _lending_runs(filled: Draft) -> dict[str, str]:
    """Runs with the same backbone; none of them: a person may still write an id."""
    backbone = filled.raw["model"].get("backbone")
    if not backbone or backbone["weights"]["kind"] != "run":
        return {}
    return {
        run.id: links.run_label(run)
        for run in state.runs()[:_MOST_OLD_RUNS]
        if (run.config["model"].get("backbone") or {}).get("network") == backbone["network"]
        and run.epochs_done
    }


def dataset_titles() -> dict[str, str]:
    """The data sets to choose from, by name."""
    lab = state.client()
    return {each.name: lab.datasets.info(each.name).title for each in lab.datasets.list()}
