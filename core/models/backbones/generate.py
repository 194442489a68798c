"""Write ``table.json``: what is known of every keras.applications model without loading Keras.

    python -m core.models.backbones.generate [NAME ...]

Builds each model without its weights, which takes a few minutes; with names, only those models, and
keeps the other rows. Run it again when a new version of Keras has other models: a test compares the
table with the installed Keras.
"""

from __future__ import annotations

import inspect
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src.applications import imagenet_utils
from keras.src.backend.common.stateless_scope import StatelessScope
from keras.src.utils import file_utils

from core.models.backbones.window_chain import Chain, window_chain

TABLE = Path(__file__).with_name("table.json")
_SIDES = (96, 128, 160, 192, 224)
"""Sides for which some models have ImageNet weights of their own."""

_log = logging.getLogger(__name__)


class _Recorded(Exception):
    """Ends a call into Keras: the arguments that it was made for are recorded."""


def main(names: list[str]) -> None:
    """Write the whole table, or only the rows of these models."""
    models = json.loads(TABLE.read_text())["models"] if names and TABLE.exists() else {}
    for name in names or model_names():
        # Variables are declared and not filled: the largest model would take 3 GB.
        with StatelessScope(initialize_variables=False):
            models[name] = describe(name)
        _log.info("%s: %s parameters", name, f"{sum(models[name]['parameters']):,}")
        _write(models)


def _write(models: dict[str, Any]) -> None:
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(models[name])}" for name in sorted(models))
    TABLE.write_text(f'{{"keras": "{keras.__version__}", "models": {{\n{rows}\n}}}}\n')


def model_names() -> list[str]:
    """Every model of the installed keras.applications."""
    members = vars(keras.applications).items()
    return sorted(name for name, each in members if inspect.isfunction(each))


def describe(name: str) -> dict[str, Any]:
    """One model's row, in plain data; ``catalog.BackboneInfo`` says what each entry is."""
    make = getattr(keras.applications, name)
    smallest, default = _sides(make)
    keras.backend.clear_session()
    with _calls_of("correct_pad") as padded:
        model = make(weights=None, include_top=False, input_shape=(default, default, 3))
    chain = window_chain(model, {id(call["inputs"]) for call in padded})
    _compare(make, chain, (smallest, default - 1))
    return {
        "default_size": default,
        "smallest_size": smallest,
        "channels": model.output_shape[-1],
        "preprocessing": _preprocessing(make),
        "draws": any(isinstance(layer, keras.layers.Dropout) for layer in model.layers),
        "windows": [list(window) for window in chain.windows],
        "receptive_field": chain.receptive_field,
        "parameters": [layer.count_params() for layer in model.layers],
        "trainable": [
            sum(prod(w.shape) for w in layer.trainable_weights) for layer in model.layers
        ],
        "activations": [_size(layer) for layer in model.layers],
        "flops": sum(flops(layer) for layer in model.layers),
        "weights": _weights(make, default),
    }


def flops(layer: Any) -> int:
    """FLOPs of convolutions and dense layers for one image; a multiply-add is two."""
    if isinstance(layer, keras.Sequential):
        return sum(flops(each) for each in layer.layers)
    shape = layer.output.shape[1:]
    positions = prod(shape[:-1])
    if isinstance(layer, keras.layers.SeparableConv2D):
        by_depth, by_point = layer.weights[:2]
        return int(2 * positions * (prod(by_depth.shape) + prod(by_point.shape)))
    if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D | keras.layers.Dense):
        # Each weight of a kernel is used once at every position of the output.
        return int(2 * positions * prod(layer.weights[0].shape))
    return 0


def _size(layer: Any) -> int:
    return prod(layer.output.shape[1:])


def _sides(make: Any) -> tuple[int, int]:
    """The smallest side that it takes, and that of the images that it was trained on."""
    with _calls_of("obtain_input_shape", leave=True) as calls:
        try:
            make(weights=None)
        except _Recorded:
            return int(calls[0]["min_size"]), int(calls[0]["default_size"])
    # One family has a check of its own, for the same sizes as most others.
    return 32, 224


def _preprocessing(make: Any) -> str:
    """Which of Keras' four ways its ``preprocess_input`` is, found by trying.

    ``efficientnet``: Keras puts one more scaling into the model itself with ImageNet weights
    only, and this is what its module keeps for it.
    """
    module = sys.modules[make.__module__]
    if hasattr(module, "IMAGENET_STDDEV_RGB"):
        return "efficientnet"
    own = module.preprocess_input
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 4, 4, 3)).astype("float32")
    found = own(pixels.copy())
    if np.array_equal(found, pixels):
        return "none"
    for mode in ("tf", "caffe", "torch"):
        if np.allclose(found, imagenet_utils.preprocess_input(pixels.copy(), mode=mode)):
            return mode
    raise ValueError(f"{make.__name__} scales its images in a way that is not known here.")


def _weights(make: Any, default: int) -> dict[str, dict[str, str]]:
    """Files of ImageNet weights by side; the one under ``*`` serves all other sides."""
    files = {"*": _weights_file(make, default)}
    if str(default) in files["*"]["file"].split("_"):
        files |= {str(side): _weights_file(make, side) for side in _SIDES}
    return files


def _weights_file(make: Any, side: int) -> dict[str, str]:
    recorded: list[dict[str, str]] = []

    def record(fname: str, origin: str, **options: Any) -> None:
        digest = options.get("file_hash") or ""
        recorded.append({"file": fname, "origin": origin, "digest": digest})
        raise _Recorded

    original, file_utils.get_file = file_utils.get_file, record
    try:
        make(weights="imagenet", include_top=False, input_shape=(side, side, 3))
    except _Recorded:
        return recorded[0]
    finally:
        file_utils.get_file = original
    raise ValueError(f"{make.__name__} requested no weights.")


def _compare(make: Any, chain: Chain, sides: tuple[int, ...]) -> None:
    """Check that the table gives Keras' output size, at the smallest side and at an odd one."""
    for side in sides:
        try:
            model = make(weights=None, include_top=False, input_shape=(side, side, 3))
        except ValueError as error:
            # Shapes of two branches differ: only building the model shows that.
            _log.warning("%s cannot be built for %d pixels: %s", make.__name__, side, error)
            continue
        if model.output_shape[1] != chain.output_side(side):
            raise ValueError(
                f"{make.__name__} at {side}: Keras gives {model.output_shape[1]}, "
                f"the table {chain.output_side(side)}."
            )
        keras.backend.clear_session()


@contextmanager
def _calls_of(function: str, *, leave: bool = False) -> Iterator[list[dict[str, Any]]]:
    """Arguments of every call of a function that Keras' models share.

    ``leave``: the first call raises _Recorded.
    """
    original = getattr(imagenet_utils, function)
    signature = inspect.signature(original)
    calls: list[dict[str, Any]] = []

    def record(*args: Any, **kwargs: Any) -> Any:
        calls.append(dict(signature.bind(*args, **kwargs).arguments))
        if leave:
            raise _Recorded
        return original(*args, **kwargs)

    setattr(imagenet_utils, function, record)
    try:
        yield calls
    finally:
        setattr(imagenet_utils, function, original)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(sys.argv[1:])
