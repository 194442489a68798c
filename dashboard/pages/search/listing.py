"""The list of searches, the newest first; without any, presets that start with one click."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.datasets.status import DatasetState
from core.records.searches import SearchRecord
from core.spec.search import SearchPreset, parse_search
from dashboard import state
from dashboard.pages.search.form.start import from_preset
from dashboard.pages.search.snapshot import badge, score_text
from dashboard.shared import failures, links
from dashboard.shared.text import ago, counted, inert


def show() -> None:
    """Show one box per search, or what to do while there is none."""
    found = state.client().searches.list()[::-1]
    if not found:
        _empty()
        return
    links.search_form("form", "New search")
    for record in found:
        _box(record)


def _box(record: SearchRecord) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width="stretch"):
                links.search(record.id, inert(record.name))
            badge(record)
        limit = int(record.budget.get("max_trials") or 1)
        share = min(1.0, record.num_done / limit)
        st.progress(share, text=f"{record.num_done} of at most {counted(limit, 'trial')} done")
        st.caption(" · ".join(_facts(record)))


def _facts(record: SearchRecord) -> list[str]:
    metric = record.config.get("objective", {}).get("metric", "val_accuracy")
    score = score_text(record.best_score, is_accuracy=metric == "val_accuracy")
    facts = [f"started {ago(record.created_at)}"]
    if record.best_number is not None:
        facts.insert(
            0, f"best validation {metric.removeprefix('val_')} {score}, trial {record.best_number}"
        )
    if record.reason:
        facts.append(inert(record.reason))
    return facts


def _empty() -> None:
    found = state.client().search_drafts.presets()
    presets = sorted(found, key=lambda each: (each.about.group, each.about.title))
    with st.container(border=True):
        st.subheader("No searches yet", anchor=False)
        st.markdown(
            "A search tries values of hyperparameters in the background. It learns from each trial "
            "and can stop poor ones early. Every trial is a run with its own curves, and nothing "
            "is lost when you close the page."
        )
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            links.search_form("form", "New search")
    if presets:
        st.subheader("Or start a preset", anchor=False)
        _presets(presets)


def _presets(presets: Sequence[SearchPreset]) -> None:
    with st.grid(3, min_column_width=280, gap="small"):
        for preset in presets:
            with st.container(border=True, gap="xsmall"):
                st.markdown(f"**{inert(preset.about.title)}**")
                st.caption(inert(preset.about.teaches))
                names = ", ".join(each.name for each in preset.search.parameters)
                st.caption(
                    f"{inert(names)} · {counted(preset.search.budget.max_trials, 'trial')} on "
                    f"{inert(preset.search.base.data.dataset)}"
                )
                _data_set(preset.search.base.data.dataset)
                with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                    st.button(
                        "Start",
                        type="primary",
                        icon=":material/rocket_launch:",
                        key=f"search/preset/{preset.name}",
                        on_click=_start,
                        args=(preset.name,),
                    )
                    links.search_form(f"preset:{preset.name}", "Open in form")


def _data_set(name: str) -> None:
    """Show the data set's state if it must be downloaded first."""
    status = state.client().datasets.get(name)
    if status.state not in (DatasetState.READY, DatasetState.LOCAL):
        st.caption(f":material/download: {inert(status.sentence)}")


def _start(name: str) -> None:
    def submit() -> None:
        new = from_preset(name)
        record = state.client().searches.submit(parse_search(new.draft.raw), preset=name)
        state.remember(search=record.id)

    failures.attempt(submit)
