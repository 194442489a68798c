"""The start of a new search: a preset, a run, the draft of New experiment, or another search."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.errors import ConvscopeError
from core.spec import Experiment, parse
from core.spec.search import Objective, Search, parse_search
from dashboard import state
from dashboard.form import Draft, experiment_start
from dashboard.pages.search.form.fields import parameter, varying
from dashboard.shared import failures, links
from dashboard.shared.text import counted, inert

_DRAFT, _START = "search/draft", "search/draft/asked"
_MOST_RUNS = 200
_FIRST = ("training.learning_rate", "model.regularization.conv_dropout")


@dataclass
class NewSearch:
    """The draft of a search, and what it started from."""

    draft: Draft
    preset: str | None = None
    """The search preset."""
    base_run_id: str | None = None


def filled() -> NewSearch:
    """This session's draft; the address may name another start (``?new=``)."""
    requested = state.asked("new")
    # When the draft of New experiment has changed since, the search starts from it again.
    begun = (requested, experiment_start.draft().raw if requested == "form" else None)
    if _DRAFT not in st.session_state or st.session_state.get(_START) != begun:
        # Stored before the attempt, so that an unknown id raises an error once only.
        st.session_state[_START] = copy.deepcopy(begun)
        started = NewSearch(_draft(_around(Experiment()), "the defaults"))
        with failures.shown():
            started = start_from(requested)
        st.session_state[_DRAFT] = started
    found: NewSearch = st.session_state[_DRAFT]
    return found


def forget() -> None:
    """Drop the draft, so that the next search starts from its defaults."""
    st.session_state.pop(_DRAFT, None)


def start_from(reference: str) -> NewSearch:
    """A draft from ``preset:NAME``, ``run:ID``, ``copy:SEARCH`` or ``form``.

    Raises ConvscopeError for unknown names and ids.
    """
    kind, _, name = reference.partition(":")
    client = state.client()
    if kind == "preset":
        return from_preset(name)
    if kind == "run":
        run = client.runs.get(name)
        base = client.runs.clone(run.id)
        origin = f"the run {links.run_label(run)}"
        return NewSearch(_draft(_around(base), origin), base_run_id=run.id)
    if kind == "copy":
        record = client.searches.get(name)
        search = parse_search(record.config | {"budget": record.budget})
        draft = _draft(
            search.to_dict() | {"name": _free_name(search.name)}, f"the search {search.name}"
        )
        return NewSearch(draft, preset=record.preset, base_run_id=None)
    form = experiment_start.draft()
    return NewSearch(
        _draft(_around(parse(form.raw)), f"New experiment, which started from {form.origin}")
    )


def from_preset(name: str) -> NewSearch:
    """A draft of a search preset, with a free name."""
    found = [each for each in state.client().search_drafts.presets() if each.name == name]
    if not found:
        raise ConvscopeError(f"There is no search preset {name!r}.")
    raw = found[0].search.to_dict() | {"name": _free_name(found[0].about.title)}
    return NewSearch(_draft(raw, f"the preset {found[0].about.title}"), preset=name)


def show(new: NewSearch) -> None:
    """Show the choice of another start, and the current one."""
    left, right = st.columns(2, vertical_alignment="bottom")
    presets = {
        f"preset:{each.name}": each.about.title for each in state.client().search_drafts.presets()
    }
    with left:
        _choose("Start from a search preset", presets, "search/new/preset", "Choose a preset")
    runs = {f"run:{run.id}": links.run_label(run) for run in state.runs()[:_MOST_RUNS]}
    with right:
        _choose("Start from a run", runs, "search/new/run", "Choose a run")
    training = new.draft.raw["base"]["training"]
    epochs = counted(
        training["epochs"] + (training.get("fine_tuning") or {"epochs": 0})["epochs"], "epoch"
    )
    st.caption(
        f"Started from {inert(new.draft.origin)}. All other settings stay as they are there; "
        f"the full schedule has {epochs}."
    )


def _choose(label: str, options: dict[str, str], key: str, placeholder: str) -> None:
    def choose() -> None:
        chosen = st.session_state[key]
        if chosen:
            forget()
            state.remember(new=chosen)
            st.session_state[key] = None

    st.selectbox(
        label,
        list(options),
        index=None,
        placeholder=placeholder if options else "None yet",
        format_func=options.__getitem__,
        disabled=not options,
        key=key,
        on_change=choose,
    )


def _around(base: Experiment) -> dict[str, Any]:
    """A search around an experiment with suggested hyperparameters, as plain data."""
    name = _free_name(f"search around {base.name}" if base.name else "search")
    # Not through Search, which is invalid without hyperparameters.
    plain = {
        each: Search.model_fields[each].get_default()
        for each in ("notes", "seed", "early_stopping")
    }
    dumped = {
        each: Search.model_fields[each].get_default().model_dump(mode="json")
        for each in ("algorithm", "budget")
    }
    return {
        **plain,
        **dumped,
        "objective": Objective().model_dump(mode="json"),
        "pruning": "none",
        "name": name,
        "base": base.to_dict(),
        "parameters": _suggested(base),
        "seeds": [base.seed],
    }


def _suggested(base: Experiment) -> list[dict[str, Any]]:
    """The hyperparameters that usually matter most, as a first suggestion."""
    known = varying(base.to_dict())
    return [parameter(known[path], known[path].name) for path in _FIRST if path in known]


def _draft(raw: dict[str, Any], origin: str) -> Draft:
    # None lets the direction follow the metric when the user changes the metric.
    objective = {**raw["objective"]}
    usual = "min" if objective["metric"] == "val_loss" else "max"
    if objective.get("direction") == usual:
        objective["direction"] = None
    return Draft(_Raw(raw | {"objective": objective}), origin=origin)


@dataclass(frozen=True)
class _Raw:
    """Plain data in the form that Draft takes."""

    raw: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return copy.deepcopy(self.raw)


def _free_name(wanted: str) -> str:
    taken = {each.name for each in state.client().searches.list()}
    wanted = wanted[:110]
    names = [wanted, *(f"{wanted} {number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
