"""How an experiment's fields are laid out.

What a student reaches for first stands on top; the rest is in tabs. A path takes its whole
group along except for what has a place of its own, so that a new field of the spec appears in
its group's tab by itself.
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
"""What everybody needs: headings with their rows."""

TABS: dict[str, tuple[str, ...]] = {
    "Data": ("data",),
    "Network": ("model",),
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
"""The rest, a tab each; the empty path is the experiment itself."""

WORDS = {
    "Regularisation": "What keeps the network from learning its training images by heart. "
    "**Batch norm** keeps each layer's inputs at one scale. **Dropout** hides "
    "random activations, so that no single one is relied on. **L2** makes large weights costly.",
}
"""A few own words under a heading, where a title alone teaches nothing."""

MORE_WORDS = {
    "Regularisation": "A stage or a dense layer may have a dropout rate of its own: see Network. "
    "Early stopping ends the run before it learns its images by heart; label smoothing keeps it "
    "from being too sure.",
    "Augmentation": "Random variations of the training images, drawn anew every epoch: the "
    "network never sees quite the same picture twice. Validation images stay as they are.",
}

LESSONS = {
    "Data and training": ("learning_rate",),
    "Regularisation": ("dropout", "batch_norm", "l2"),
}
"""What can be read up beside a heading, by the lessons' names."""

MORE_LESSONS = {
    "Network": ("depth", "width", "receptive_field", "transfer"),
    "Augmentation": ("augmentation",),
}


def claimed() -> frozenset[str]:
    """Every path that has a place of its own."""
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
    st.subheader(f"Everything else{_tabs_to_mend(form)}", anchor=False)
    for tab, (title, paths) in zip(st.tabs(list(TABS), key="form/tabs"), TABS.items(), strict=True):
        with tab:
            if title in MORE_WORDS:
                st.caption(MORE_WORDS[title])
            panel.show(panel.choose(title, MORE_LESSONS.get(title, ())), form.draft.raw)
            _places(form, paths)


def _places(form: Form, paths: Iterable[str]) -> None:
    """Single fields flow into a row; groups stand below."""
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


def _tabs_to_mend(form: Form) -> str:
    """Said in the heading: a tab whose label changed would be closed over the field at work."""
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
