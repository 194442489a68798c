"""The choice between stages of one's own and a pretrained network, which takes their place."""

from __future__ import annotations

import streamlit as st

from core.spec.backbone import Backbone, Trainable
from core.spec.model import Stage
from dashboard.form import groups
from dashboard.form.draft import Path
from dashboard.form.form import Form
from dashboard.shared.field_shapes import Field, fields

PATH: Path = ("model", "backbone")
_STAGES: Path = ("model", "stages")
_OWN, _PRETRAINED = "Stages of your own", "A pretrained network"
_WORDS = (
    "It has learnt what edges, textures and parts look like; the layers after it learn to tell "
    "your classes by them. Frozen, it answers the same image always alike: its answers are "
    "computed once a run where nothing random stands before it. Global average pooling (from maps "
    "to a vector) keeps the layer after it small."
)


def draw(form: Form, path: Path, field: Field) -> None:
    """Which of the two, and the network's fields."""
    key = form.key((*path, "on"))
    shown = _OWN if form.draft.get(path) is None else _PRETRAINED

    def choose(choice: str) -> None:
        form.draft.exchange(
            path,
            choice == _PRETRAINED,
            Backbone().model_dump(mode="json"),
            instead=_STAGES,
            stages=[Stage().model_dump(mode="json")],
        )

    with st.container(gap="xsmall"):
        st.segmented_control(
            "What looks at the images",
            [_OWN, _PRETRAINED],
            default=shown,
            required=True,
            help=field.help,
            key=key,
            on_change=form.on_edit(path, key, shown, choose),
        )
        form.tell_errors(path)
        if shown == _PRETRAINED:
            _network(form, path)


def replaces(form: Form, path: Path) -> bool:
    """Whether a pretrained network stands where the field at ``path`` would be drawn."""
    return path == _STAGES and form.draft.get(PATH) is not None and not form.draft.get(_STAGES)


def _network(form: Form, path: Path) -> None:
    with st.container(border=True, gap="xsmall"):
        st.caption(_WORDS)
        counts = form.draft.get((*path, "trainable")) == Trainable.LAST.value
        here = [each for each in fields(Backbone) if each.name != "unfrozen_layers" or counts]
        groups.rows(form, path, here)
        if not counts:
            form.tell_errors((*path, "unfrozen_layers"))
