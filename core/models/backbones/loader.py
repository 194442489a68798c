"""Load weights into a built model's backbone, from the source in the experiment."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src.utils.naming import to_snake_case

from core.errors import TrainingFailed
from core.models.backbones import catalog
from core.models.backbones.layers import BACKBONE
from core.models.backbones.weights import imagenet_unavailable, keras_folder, run_file, typed_path
from core.models.backbones.weights_file import Layer, StoredWeights, UnusableWeights, opened
from core.spec.backbone import Backbone, FileWeights, ImagenetWeights, RunWeights

CODE = "weights_unusable"
"""The code of a run that failed because of its backbone's weights."""

_log = logging.getLogger(__name__)


def load_weights(model: keras.Model, backbone: Backbone, runs: Path) -> None:
    """Load weights into the backbone of a new model; with ``none`` they stay random.

    ``runs`` is the folder of the run folders. ImageNet weights are fetched if Keras does not
    have them yet. All weights are checked before the first is changed. Raises TrainingFailed
    ``weights_unusable`` for weights that are unavailable, damaged or of another model.
    """
    try:
        path = _path(backbone, runs)
        if path is not None:
            _log.info("The backbone's weights come from %s.", path)
            fill(model.get_layer(BACKBONE), catalog.info(backbone.network), path)
    except UnusableWeights as error:
        raise TrainingFailed(CODE, str(error)) from error


def fill(backbone: keras.Model, known: catalog.BackboneInfo, path: Path) -> None:
    """Load a file's weights into a backbone. Raises UnusableWeights; nothing is changed then."""
    layers = [layer for layer in _leaves(backbone) if layer.weights]
    with opened(path, known) as stored, _damage_reported(path):
        found = _in_order(stored, backbone, layers, path)
        values = [
            (variable, _value(variable, array, path))
            for layer, arrays in zip(layers, found, strict=True)
            for variable, array in zip(_same_number(layer, arrays, path), arrays, strict=True)
        ]
    for variable, value in values:
        variable.assign(value)
    for layer in layers:
        # Keras' Normalization computes with numbers that it derives from the saved ones.
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def _path(backbone: Backbone, runs: Path) -> Path | None:
    match backbone.weights:
        case ImagenetWeights():
            return _fetched(backbone)
        case FileWeights(path=path):
            return typed_path(path)
        case RunWeights(run=run):
            return run_file(run, runs)
        case _:
            return None


def _fetched(backbone: Backbone) -> Path:
    """Keras' own file, fetched on the first use."""
    known = catalog.info(backbone.network)
    file = known.imagenet(backbone.image_size or known.default_size)
    options = {"file_hash": file.digest} if file.digest else {}
    # Keras' own folder, given explicitly because Keras reads it only when it is imported.
    folder = keras_folder().parent
    try:
        return Path(
            keras.utils.get_file(
                file.file, file.origin, cache_dir=folder, cache_subdir="models", **options
            )
        )
    # Keras raises a bare Exception for a failed download, and others for a bad folder.
    except Exception as error:
        _log.warning("%s could not be fetched into %s: %s", file.file, keras_folder(), error)
        raise UnusableWeights(imagenet_unavailable(known, file)) from error


def _in_order(
    stored: StoredWeights, backbone: keras.Model, layers: Sequence[Any], path: Path
) -> Sequence[Layer]:
    if stored.by_name is None:
        # The older form lists the layers of the model itself, with nested ones as one layer.
        return _regrouped(stored.ordered, layers, path)
    names = dict(_names(backbone))
    try:
        return [stored.by_name[names[id(layer)]] for layer in layers]
    except KeyError as error:
        raise UnusableWeights(
            f"{path.name} has no layer {error}. Expected the weights of this model."
        ) from error


def _regrouped(ordered: Sequence[Layer], layers: Sequence[Any], path: Path) -> list[Layer]:
    arrays = [array for layer in ordered for array in layer]
    numbers = [len(layer.weights) for layer in layers]
    if sum(numbers) != len(arrays):
        raise UnusableWeights(
            f"{path.name} holds {len(arrays)} arrays. Expected {sum(numbers)} for this model."
        )
    ends = np.cumsum(numbers)
    return [tuple(arrays[end - number : end]) for end, number in zip(ends, numbers, strict=True)]


def _leaves(model: keras.Model) -> Iterator[Any]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        else:
            yield layer


def _names(model: keras.Model, prefix: str = "") -> Iterator[tuple[int, str]]:
    """Each layer's name in a file of Keras 3: its class in small letters, counted."""
    used: dict[str, int] = {}
    for layer in model.layers:
        kind = to_snake_case(type(layer).__name__)
        number = used.get(kind, 0)
        used[kind] = number + 1
        name = f"{prefix}{kind}_{number}" if number else f"{prefix}{kind}"
        yield id(layer), name
        if isinstance(layer, keras.Model):
            yield from _names(layer, f"{name}/layers/")


def _same_number(layer: Any, arrays: Layer, path: Path) -> Sequence[Any]:
    if len(layer.weights) != len(arrays):
        raise UnusableWeights(
            f"{path.name} has {len(arrays)} arrays for layer {layer.name}. Expected "
            f"{len(layer.weights)}: the file is of another model."
        )
    return list(layer.weights)


def _value(variable: Any, array: Any, path: Path) -> Any:
    # Shapes first, so that an array is never larger in memory than the model's.
    if tuple(array.shape) != tuple(variable.shape):
        raise UnusableWeights(
            f"{path.name} has {tuple(array.shape)} where {variable.path} is "
            f"{tuple(variable.shape)}: the file is of another model."
        )
    value = np.asarray(array)
    if not np.isfinite(value).all():
        raise UnusableWeights(f"{path.name} holds numbers that are infinite or NaN.")
    return value


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    try:
        yield
    except UnusableWeights:
        raise
    # h5py has no error of its own for an array with damaged bytes.
    except (OSError, RuntimeError, ValueError) as error:
        raise UnusableWeights(f"{path.name} is truncated or damaged: {error}.") from error
