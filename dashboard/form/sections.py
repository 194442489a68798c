"""The layout of an experiment's fields: the most used first, the others in tabs.

A path includes its whole group, except for paths that are listed elsewhere. So a new field of
the spec appears in the tab of its group by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import streamlit as st

from core.spec import Experiment
from dashboard.form import groups, scalars
from dashboard.form.draft import Path
from dashboard.form.form import Form
from dashboard.form.lessons import panel
from dashboard.shared.field_shapes import Group, field

FIRST: dict[str, tuple[tuple[str, ...], ...]] = {
    "Data and training": (
        (
            "data.dataset",
            "training.epochs",
            "training.learning_rate",
            "training.batch_size",
        ),
    ),
    "Regularisation": (
        ("model.normalization",),
        (
            "model.regularization.conv_dropout",
            "model.regularization.dense_dropout",
            "model.regularization.conv_l2",
            "model.regularization.dense_l2",
        ),
    ),
}
"""The most used fields: headings with their rows."""

TABS: dict[str, tuple[str, ...]] = {
    "Data": ("data",),
    "Model": ("model",),
    "Regularisation": (
        "model.regularization",
        "model.dense_normalization",
        "training.label_smoothing",
        "training.early_stopping",
    ),
    "Optimiser & schedule": ("training",),
    "Augmentation": ("data.augmentation",),
    "Run": ("", "training.engine", "training.mixed_precision"),
}
"""The other fields, by tab; the empty path is the experiment itself."""

WORDS = {
    "Regularisation": "Keeps the model from memorising its training images. **Batch norm** keeps "
    "the inputs of each layer at one scale. **Dropout** sets random activations to zero, so that "
    "the model does not rely on a single one. **L2** penalises large weights.",
}
"""Texts below headings."""

MORE_WORDS = {
    "Regularisation": "A stage or a dense layer may have a dropout rate of its own: see Model. "
    "Early stopping ends the run before the model memorises its images; label smoothing keeps the "
    "model from being overconfident.",
    "Augmentation": "Random changes to the training images, different in every epoch: the model "
    "rarely gets the same image twice. Validation images are not changed.",
}

LESSONS = {
    "Data and training": ("learning_rate",),
    "Regularisation": ("dropout", "batch_norm", "l2"),
}
"""Lessons beside headings, by name."""

MORE_LESSONS = {
    "Model": ("depth", "width", "receptive_field", "transfer"),
    "Augmentation": ("augmentation",),
}


def claimed() -> frozenset[str]:
    """All paths that are listed in a row or a tab."""
    rows = [*itertools.chain(*FIRST.values()), *TABS.values()]
    return frozenset(path for row in rows for path in row if path)


def draw(form: Form) -> None:
    """The whole form of an experiment."""
    form.claimed = claimed()
    for title, rows in FIRST.items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(title, anchor=False, width="content")
            lesson = panel.choose(title, LESSONS.get(title, ()))
        panel.show(lesson, form.draft.raw)
        if title in WORDS:
            st.caption(WORDS[title])
        for row in rows:
            _places(form, row)
    st.subheader(f"More settings{_tabs_with_errors(form)}", anchor=False)
    for tab, (title, paths) in zip(st.tabs(list(TABS), key="form/tabs"), TABS.items(), strict=True):
        with tab:
            if title in MORE_WORDS:
                st.caption(MORE_WORDS[title])
            panel.show(panel.choose(title, MORE_LESSONS.get(title, ())), form.draft.raw)
            _places(form, paths)


def _places(form: Form, paths: Iterable[str]) -> None:
    """Single fields in rows, and groups below."""
    found = [(_path(path), field(Experiment, path)) for path in paths if path]
    plain = [(path, each) for path, each in found if scalars.is_plain(each)]
    if "" in paths:
        groups.spec(form, (), Experiment)
    for path, each in found:
        if isinstance(each.shape, Group) and not each.optional:
            groups.spec(form, path, each.shape.spec)
            form.show_errors(path)
    if plain:
        scalars.cells(form, plain)
    for path, each in found:
        if not scalars.is_plain(each) and (each.optional or not isinstance(each.shape, Group)):
            groups.field(form, path, each)


def _tabs_with_errors(form: Form) -> str:
    """The tabs with errors, for the heading: a tab whose label changes would be closed."""
    wrong = [
        title for title, paths in TABS.items() if any(_num_own_errors(form, path) for path in paths)
    ]
    return f" :red[:small[:material/error: {', '.join(wrong)}]]" if wrong else ""


def _num_own_errors(form: Form, path: str) -> int:
    others = [other for other in claimed() if other != path and _holds(path, other)]
    return sum(
        _holds(path, error.field) and not any(_holds(other, error.field) for other in others)
        for error in form.errors
    )


def _holds(path: str, other: str) -> bool:
    return not path or other == path or other.startswith(f"{path}.")


def _path(path: str) -> Path:
    return tuple(path.split("."))
