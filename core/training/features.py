"""Features of a frozen backbone: computed once, kept on disk while a phase trains on them.

    features/
        train.npy, validation.npy   (N, ...): what enters the first layer after the backbone
                                    that learns or draws at random, in the order of the split
        meta.json                   what they were computed from

A frozen backbone answers the same image alike in every epoch, batch norm at rest included. Where
nothing random stands before it, one pass over the images serves all epochs; pooling that follows
it is part of that pass, so that an image takes kilobytes. Values are float32, as the network
itself has them there (float16 where the backbone computes in it): rounding would change scores.
The folder goes when the phase is over, also by a stop; a killed trainer's successor uses it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.errors import ArtifactCorrupt
from core.files import write_folder
from core.records.phases import Phase
from core.training.batches import Batches
from core.training.engine import jit_compile, let_compile
from core.training.failures import is_no_space
from core.training.loop import StopRequested
from core.training.reporter import Reporter

FOLDER = "features"
TRAIN, VALIDATION, META = "train.npy", "validation.npy", "meta.json"
FORMAT = 1
MAX_DISK_SHARE = 0.5
"""Of the free space that features may take: checkpoints and other runs need the rest."""

Parts = tuple[Batches, Batches]
"""For training and for validation."""

_POOLING = (
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.Flatten,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Halves:
    """A network cut in two behind its frozen backbone. The layers are the network's own."""

    front: keras.Model
    """Images to features."""
    head: keras.Model
    """Features to probabilities: all that learns."""

    def num_bytes(self, num_images: int) -> int:
        """What the features of so many images take on disk."""
        return num_images * prod(self.shape) * self.dtype.itemsize

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image's features."""
        return tuple(self.head.input_shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the features on disk."""
        # NumPy has no bfloat16; in 32 bits its values stay as they are.
        is_half = self.front.output.dtype == "float16"
        return np.dtype(np.float16 if is_half else np.float32)


def cut(network: keras.Model) -> Halves | None:
    """Cut a network behind its backbone; None where its features would not stay the same.

    That is where the backbone learns, or where it or something before it draws at random.
    """
    layers = network.layers
    backbones = [i for i, layer in enumerate(layers) if isinstance(layer, keras.Model)]
    if not backbones:
        return None
    end = backbones[-1] + 1
    while isinstance(layers[end], _POOLING):
        end += 1
    if any(_learns(layer) or _draws(layer) for layer in layers[:end]):
        return None
    # Everything after a backbone is a chain.
    features = layers[end].input
    front = keras.Model(network.inputs, features, name="front")
    x = inputs = keras.Input(features.shape[1:], dtype=features.dtype, name="features")
    for layer in layers[end:]:
        x = layer(x)
    return Halves(front, keras.Model(inputs, x, name="head"))


def _learns(layer: keras.layers.Layer) -> bool:
    return bool(layer.trainable_variables)


def _draws(layer: keras.layers.Layer) -> bool:
    # The state of a random generator is a variable, and no weight.
    return len(layer.variables) > len(layer.weights)


def discard(run_folder: Path) -> None:
    """Delete what features there are."""
    shutil.rmtree(run_folder / FOLDER, ignore_errors=True)


@contextmanager
def computed(
    halves: Halves,
    parts: Parts,
    *,
    run_folder: Path,
    engine: str,
    reporter: Reporter,
) -> Iterator[Parts | None]:
    """The same batches, of features in place of images; None where the disk has no room.

    Raises StopRequested.
    """
    folder = run_folder / FOLDER
    try:
        yield _opened_or_computed(halves, parts, folder, engine, reporter)
    finally:
        discard(run_folder)


def _opened_or_computed(
    halves: Halves, parts: Parts, folder: Path, engine: str, reporter: Reporter
) -> Parts | None:
    origin = _origin(halves, parts)
    found = _opened(folder, origin, halves, parts)
    if found is None:
        shutil.rmtree(folder, ignore_errors=True)
        if not _has_room(folder.parent, halves.num_bytes(sum(len(each.indices) for each in parts))):
            return None
        computing = _Computing(halves, parts, engine, reporter)
        try:
            write_folder(folder, lambda temporary: computing.write(temporary, origin))
        except OSError as error:
            if not is_no_space(error):
                raise
            _log.warning("%s", _without("the disk is full"))
            return None
        found = _opened(folder, origin, halves, parts)
        if found is None:
            raise ArtifactCorrupt(f"The features in {folder} cannot be read after being written.")
    (train, validation), (of_train, of_validation) = parts, found
    return train.of(of_train), validation.of(of_validation)


def _origin(halves: Halves, parts: Parts) -> str:
    """A sum over all that may differ between attempts of one run: weights and the split."""
    total = hashlib.sha256()
    for variable in halves.front.variables:
        total.update(np.ascontiguousarray(keras.ops.convert_to_numpy(variable)).tobytes())
    for part in parts:
        total.update(part.indices.tobytes())
    return total.hexdigest()


def _opened(folder: Path, origin: str, halves: Halves, parts: Parts) -> list[NDArray[Any]] | None:
    """Features that an attempt before this one left; None unless they are whole and right."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        if meta != _meta(origin):
            return None
        # A file that is too short cannot be mapped: ValueError; an empty one: EOFError.
        arrays = [np.load(folder / name, mmap_mode="r") for name in (TRAIN, VALIDATION)]
    except (OSError, ValueError, EOFError) as error:
        if folder.exists():
            _log.warning("Features are computed anew: %s", error)
        return None
    expected = [(len(part.indices), *halves.shape) for part in parts]
    return arrays if [array.shape for array in arrays] == expected else None


def _meta(origin: str) -> dict[str, Any]:
    return {"format": FORMAT, "origin": origin, "engine": keras.config.backend()}


def _has_room(folder: Path, num_bytes: int) -> bool:
    free = shutil.disk_usage(folder).free
    if num_bytes <= MAX_DISK_SHARE * free:
        return True
    _log.warning(
        "%s",
        _without(
            f"they would take {num_bytes / 1e9:.2f} GB and {free / 1e9:.2f} GB of the disk are free"
        ),
    )
    return False


def _without(why: str) -> str:
    return (
        f"The backbone's features are not kept: {why}. Scores are the same without, epochs take "
        "longer; more room on the disk or global pooling after the backbone would help."
    )


class _Computing:
    """One pass of all images through the backbone, from memory map to file."""

    def __init__(self, halves: Halves, parts: Parts, engine: str, reporter: Reporter) -> None:
        self._halves, self._parts, self._reporter = halves, parts, reporter
        self._total = sum(len(part.indices) for part in parts)
        self._done = 0
        let_compile(halves.front, engine)
        halves.front.compile(jit_compile=jit_compile(engine))

    def write(self, folder: Path, origin: str) -> None:
        """Fill a folder."""
        for name, part in zip((TRAIN, VALIDATION), self._parts, strict=True):
            self._write_part(folder / name, part)
        (folder / META).write_text(json.dumps(_meta(origin)), encoding="utf-8")

    def _write_part(self, path: Path, part: Batches) -> None:
        halves, size = self._halves, part.batch_size
        header = {
            "descr": np.lib.format.dtype_to_descr(halves.dtype),
            "fortran_order": False,
            "shape": (len(part.indices), *halves.shape),
        }
        # Plain writes: a full disk is then an error, where a mapped file would end the process.
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(part.indices), size):
                self._report()
                chosen = part.indices[start : start + size]
                file.write(self._features(part, chosen).tobytes())
                self._done += len(chosen)
        self._report()

    def _features(self, part: Batches, chosen: NDArray[np.int64]) -> NDArray[Any]:
        # Every batch has the same size, or engines would compile once more for the last.
        filled = np.resize(chosen, part.batch_size)
        images, _ = part.take(filled)
        features = self._halves.front.predict_on_batch(images)[: len(chosen)]
        return np.ascontiguousarray(features, dtype=self._halves.dtype)

    def _report(self) -> None:
        if self._reporter.should_stop():
            raise StopRequested
        self._reporter.phase(Phase.COMPUTING_FEATURES, self._done / self._total)
