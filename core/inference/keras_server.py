"""The Keras process: rebuilds models from their experiments and predicts images.

`python -m core.inference.keras_server ENGINE` talks over its standard input and output (see
`core.inference.frames`). It ends when its parent is gone or no request came for a while. Models
are rebuilt from their experiments (`core.models.saved_model`) and only their weights are read:
nothing is unpickled, and the user's own code is imported only if it is trusted.
"""

from __future__ import annotations

import hashlib
import logging
import os
import select
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from core.errors import ConvscopeError, ModelReplaced
from core.inference.frames import ConnectionEnded, read_frame, write_frame
from core.spec import parse
from core.spec.training import Engine

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

IDLE_S = 300.0
"""After so long without a request the process ends and frees its memory."""

_MAX_LOADED = 4
_BATCH = 32
_LOAD_ERRORS = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    zipfile.BadZipFile,
    ConvscopeError,
)
"""Errors of a damaged, missing or foreign weights file. Any other error ends the process."""

_log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Serve until the parent is gone or no request comes any more. 2 for wrong usage."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if len(arguments) not in (1, 2) or arguments[0] not in set(Engine):
        _log.error("usage: python -m core.inference.keras_server ENGINE [IDLE_SECONDS]")
        return 2
    requests, replies = _own_pipes()
    # Imported here: Keras reads its engine when it is first imported.
    from core.training.engine import prepare_engine, select_engine

    prepare_engine(select_engine(Engine(arguments[0])))
    serve(requests, replies, float(arguments[1]) if len(arguments) == 2 else IDLE_S)
    return 0


def serve(requests: BinaryIO, replies: BinaryIO, idle_s: float) -> None:
    """Reply to one request after the other, until the pipe ends or is idle for ``idle_s``."""
    models = LoadedModels()
    while select.select([requests], [], [], idle_s)[0]:
        try:
            header, images = read_frame(requests)
        except ConnectionEnded:
            return
        error, is_replaced, probabilities = None, False, None
        try:
            probabilities = models.predict(header, images)
        except ModelReplaced as problem:
            error, is_replaced = str(problem), True
        except _LOAD_ERRORS as problem:
            _log.exception("The model of run %s could not be loaded", header.get("run_id"))
            error = f"{type(problem).__name__}: {problem}"
        write_frame(replies, {"error": error, "is_replaced": is_replaced}, probabilities)
    _log.info("No request for %.0f s: the process ends", idle_s)


class LoadedModels:
    """The models used last, by the sha256 of their files."""

    def __init__(self) -> None:
        self._models: OrderedDict[tuple[str, str], keras.Model] = OrderedDict()

    def predict(self, header: dict[str, Any], images: NDArray[Any] | None) -> NDArray[np.float32]:
        """Class probabilities (N, classes) for images (N, H, W, C) of 0..255."""
        if images is None:
            raise ValueError("A request has no images.")
        model = self._model(header)
        import keras

        parts = [
            keras.ops.convert_to_numpy(model(batch, training=False))
            for batch in _batches(images.astype(np.float32))
        ]
        return np.concatenate(parts).astype(np.float32)

    def _model(self, header: dict[str, Any]) -> keras.Model:
        key = (header["run_id"], header["sha256"])
        if key not in self._models:
            self._models[key] = _rebuild(header)
        self._models.move_to_end(key)
        while len(self._models) > _MAX_LOADED:
            self._models.popitem(last=False)
        return self._models[key]


def _rebuild(header: dict[str, Any]) -> keras.Model:
    from core.models.saved_model import Architecture, rebuild

    height, width, channels = header["input_shape"]
    shape = height, width, channels
    architecture = Architecture(parse(header["config"]), shape, header["num_classes"])
    content = Path(header["weights"]).read_bytes()
    if hashlib.sha256(content).hexdigest() != header["sha256"]:
        raise ModelReplaced("its file was replaced just now, or is damaged. Try again.")
    # A copy: the trainer may replace the file while the model is built.
    with TemporaryDirectory(prefix="convscope-") as folder:
        weights = Path(folder) / "best.keras"
        weights.write_bytes(content)
        return rebuild(architecture, weights)


def _batches(images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for frames alone: what engines print goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Unbuffered, so that `select` reports every byte that has not been read.
    return os.fdopen(os.dup(0), "rb", buffering=0), replies


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
