"""Fields as people call them: ``model.stages.0.convolutions.1.filters`` in words."""

from __future__ import annotations

from core.spec import Experiment
from core.spec.base import Spec
from dashboard.components.spec_form.shapes import Group, Items, Shape, Variant, fields


def spoken_path(path: str) -> str:
    """``Stage 1, convolution 2, filters``; a path that no form has stays as it is."""
    words: list[str] = []
    shape: Shape = Group(Experiment)
    for part in path.split("."):
        if isinstance(shape, Items) and part.isdigit():
            words[-1] = f"{words[-1].removesuffix('s')} {int(part) + 1}"
            shape = shape.item
            continue
        found = _find(shape, part)
        if found is None:
            return ", ".join([*words, "kind"]) if part == "kind" else path
        title, shape = found
        words.append(title)
    # The outermost group says little (it is the form's tab); every other says where it is.
    return ", ".join(words[1:] or words)


def _find(shape: Shape, name: str) -> tuple[str, Shape] | None:
    specs: list[type[Spec]] = []
    if isinstance(shape, Group):
        specs = [shape.spec]
    elif isinstance(shape, Variant):
        specs = list(shape.specs.values())
    for spec in specs:
        for field in fields(spec):
            if field.name == name:
                return field.title, field.shape
    return None
