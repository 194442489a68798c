"""The Keras process: rebuilds networks from their specs and answers what they make of images.

`python -m core.inference.keras_server ENGINE` talks over its standard input and output (see
`core.inference.frames`). It ends when its parent is gone or nothing was asked for a while.
Networks are rebuilt from their experiments (`core.models.saved_model`) and only their weights are
read: nothing is unpickled, and a person's own code is imported only where it is trusted.
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

from core.errors import ConvscopeError, NetworkReplaced
from core.inference.frames import ConnectionEnded, read_frame, write_frame
from core.spec import parse
from core.spec.training import Engine

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

IDLE_S = 300.0
"""With no question for so long the process ends and gives its memory back."""

_NUM_NETWORKS = 4
_BATCH = 32
_UNANSWERABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    zipfile.BadZipFile,
    ConvscopeError,
)
"""What a damaged, missing or foreign weights file ends in. Anything else ends the process."""

_log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Serve until the parent is gone or nothing is asked any more. 2 for wrong usage."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if len(arguments) not in (1, 2) or arguments[0] not in set(Engine):
        _log.error("usage: python -m core.inference.keras_server ENGINE [IDLE_SECONDS]")
        return 2
    questions, answers = _own_pipes()
    # Imported here: Keras reads its engine when it is first imported.
    from core.training.engine import prepare_engine, select_engine

    prepare_engine(select_engine(Engine(arguments[0])))
    serve(questions, answers, float(arguments[1]) if len(arguments) == 2 else IDLE_S)
    return 0


def serve(questions: BinaryIO, answers: BinaryIO, idle_s: float) -> None:
    """Answer one question after the other, until the pipe ends or stays silent."""
    networks = Networks()
    while select.select([questions], [], [], idle_s)[0]:
        try:
            header, images = read_frame(questions)
        except ConnectionEnded:
            return
        error, is_replaced, probabilities = None, False, None
        try:
            probabilities = networks.answer(header, images)
        except NetworkReplaced as problem:
            error, is_replaced = str(problem), True
        except _UNANSWERABLE as problem:
            _log.exception("Run %s could not be asked", header.get("run_id"))
            error = f"{type(problem).__name__}: {problem}"
        write_frame(answers, {"error": error, "is_replaced": is_replaced}, probabilities)
    _log.info("Nothing was asked for %.0f s: the process ends", idle_s)


class Networks:
    """The networks asked last, by the sha256 of their files."""

    def __init__(self) -> None:
        self._networks: OrderedDict[tuple[str, str], keras.Model] = OrderedDict()

    def answer(self, header: dict[str, Any], images: NDArray[Any] | None) -> NDArray[np.float32]:
        """Class probabilities (N, classes) for images (N, H, W, C) of 0..255."""
        if images is None:
            raise ValueError("A question came without images.")
        network = self._network(header)
        import keras

        parts = [
            keras.ops.convert_to_numpy(network(batch, training=False))
            for batch in _batches(images.astype(np.float32))
        ]
        return np.concatenate(parts).astype(np.float32)

    def _network(self, header: dict[str, Any]) -> keras.Model:
        key = (header["run_id"], header["sha256"])
        if key not in self._networks:
            self._networks[key] = _rebuild(header)
        self._networks.move_to_end(key)
        while len(self._networks) > _NUM_NETWORKS:
            self._networks.popitem(last=False)
        return self._networks[key]


def _rebuild(header: dict[str, Any]) -> keras.Model:
    from core.models.saved_model import Architecture, rebuild

    height, width, channels = header["input_shape"]
    shape = height, width, channels
    architecture = Architecture(parse(header["config"]), shape, header["num_classes"])
    content = Path(header["weights"]).read_bytes()
    if hashlib.sha256(content).hexdigest() != header["sha256"]:
        raise NetworkReplaced("its file was replaced just now, or is damaged. Ask again.")
    # A copy of one's own: the trainer may replace the file while the network is built.
    with TemporaryDirectory(prefix="convscope-") as folder:
        weights = Path(folder) / "best.keras"
        weights.write_bytes(content)
        return rebuild(architecture, weights)


def _batches(images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input, and standard output kept for answers alone: engines print to it."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Unbuffered, so that `select` sees everything that is still to be read.
    return os.fdopen(os.dup(0), "rb", buffering=0), answers


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
