"""The choice between stages of convolutions and a pretrained backbone in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.spec.backbone import Backbone, Trainable
from core.spec.model import Stage
from dashboard.form.draft import Path
from dashboard.form.form import Form
from dashboard.shared.field_shapes import Field, fields

PATH: Path = ("model", "backbone")
_STAGES: Path = ("model", "stages")
_STAGES_TITLE, _BACKBONE_TITLE = "Stages of convolutions", "Pretrained backbone"
_EXPLANATION = (
    "The backbone has learned features of edges, textures and parts; the layers after it learn to "
    "classify your images by them. The features of a frozen backbone are computed only once per "
    "run, unless augmentation changes the images. Global average pooling keeps the number of "
    "parameters after the backbone small."
)

DrawRows = Callable[[Sequence[Field]], None]
"""Draws fields of the backbone in rows."""


def draw(form: Form, path: Path, field: Field, draw_rows: DrawRows) -> None:
    """The choice, and the fields of a chosen backbone, which ``draw_rows`` draws."""
    key = form.key((*path, "on"))
    shown = _STAGES_TITLE if form.draft.get(path) is None else _BACKBONE_TITLE

    def choose(choice: str) -> None:
        form.draft.exchange(
            path,
            choice == _BACKBONE_TITLE,
            Backbone().model_dump(mode="json"),
            instead=_STAGES,
            stages=[Stage().model_dump(mode="json")],
        )

    with st.container(gap="xsmall"):
        st.segmented_control(
            "Feature extractor",
            [_STAGES_TITLE, _BACKBONE_TITLE],
            default=shown,
            required=True,
            help=field.help,
            key=key,
            on_change=form.on_edit(path, key, shown, choose),
        )
        form.show_errors(path)
        if shown == _BACKBONE_TITLE:
            _backbone(form, path, draw_rows)


def replaces(form: Form, path: Path) -> bool:
    """Whether ``path`` is the list of stages and a backbone has replaced it."""
    return path == _STAGES and form.draft.get(PATH) is not None and not form.draft.get(_STAGES)


def _backbone(form: Form, path: Path, draw_rows: DrawRows) -> None:
    with st.container(border=True, gap="xsmall"):
        st.caption(_EXPLANATION)
        counts = form.draft.get((*path, "trainable")) == Trainable.LAST.value
        draw_rows([each for each in fields(Backbone) if each.name != "unfrozen_layers" or counts])
        if not counts:
            form.show_errors((*path, "unfrozen_layers"))
