"""Titles of fields and values: ``model.stages.0.filters`` as ``Stage 1, filters``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from core.spec import Experiment
from core.spec.base import Spec
from dashboard.shared.field_shapes import Choice, Group, Items, Shape, Variant, fields

_SPELLINGS = {
    "adam": "Adam",
    "adamw": "AdamW",
    "elu": "ELU",
    "gelu": "GELU",
    "glorot_uniform": "Glorot uniform",
    "he_normal": "He normal",
    "he_uniform": "He uniform",
    "imagenet": "ImageNet",
    "jax": "JAX",
    "leaky_relu": "leaky ReLU",
    "pre_activation": "pre-activation",
    "relu": "ReLU",
    "rmsprop": "RMSprop",
    "sgd": "SGD",
    "silu": "SiLU",
    "tensorflow": "TensorFlow",
    "torch": "PyTorch",
    "val_accuracy": "validation accuracy",
    "val_loss": "validation loss",
}
"""Values whose usual spelling differs from the one in files."""


def spoken(value: str) -> str:
    """The title of a value: ``global_average`` as ``global average``, ``relu`` as ``ReLU``."""
    return _SPELLINGS.get(value, value.replace("_", " "))


@cache
def every_choice() -> frozenset[str]:
    """Every value of the experiment's choices and kinds, which ``spoken`` may translate."""
    return frozenset(_choices(Group(Experiment)))


def _choices(shape: Shape) -> Iterator[str]:
    if isinstance(shape, Choice):
        yield from shape.values
    elif isinstance(shape, Items):
        yield from _choices(shape.item)
    elif isinstance(shape, Variant):
        yield from shape.specs
    for spec in _specs(shape):
        for field in fields(spec):
            yield from _choices(field.shape)


def spoken_kind(kind: str) -> str:
    """A kind as a title: ``one_cycle`` as ``One cycle``."""
    title = spoken(kind)
    # Special spellings are titles already.
    return title if kind in _SPELLINGS else title.capitalize()


def spoken_path(path: str) -> str:
    """The title of a path: ``Stage 1, convolution 2, filters``. An unknown path stays as it is."""
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
    # The outermost group is the form's tab and is left out.
    return ", ".join(words[1:] or words)


def _find(shape: Shape, name: str) -> tuple[str, Shape] | None:
    for spec in _specs(shape):
        for field in fields(spec):
            if field.name == name:
                return field.title, field.shape
    return None


def _specs(shape: Shape) -> list[type[Spec]]:
    if isinstance(shape, Group):
        return [shape.spec]
    return list(shape.specs.values()) if isinstance(shape, Variant) else []
