"""Features of a frozen backbone: computed once, kept on disk while a segment trains on them.

    features/
        train.npy, validation.npy   (N, ...): the inputs of the first layer after the backbone
                                    that trains or is random, in the order of the split
        meta.json                   what they were computed from

A frozen backbone, batch norm included, has the same output for an image in every epoch. If nothing
before it is random, one pass over the images serves all epochs. Pooling after the backbone belongs
to that pass, so that an image takes kilobytes. Values are float32, as in the model itself (float16
where the backbone computes in it): rounding would change scores. The folder is deleted when the
segment ends or is stopped; after a kill, the next attempt uses it.
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
from core.training.engine import allow_jit, jit_compile
from core.training.failures import is_no_space
from core.training.loop import StopRequested
from core.training.reporter import Reporter

FOLDER = "features"
TRAIN, VALIDATION, META = "train.npy", "validation.npy", "meta.json"
FORMAT = 1
MAX_DISK_SHARE = 0.5
"""The share of the free space that features may take: checkpoints and other runs need the rest."""

TrainValidation = tuple[Batches, Batches]
"""Batches for training and for validation."""

_POOLING = (
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.Flatten,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelParts:
    """A model in two parts, split after its frozen backbone. They share the model's layers."""

    front: keras.Model
    """Images to features."""
    head: keras.Model
    """Features to probabilities: every layer that trains."""

    def num_bytes(self, num_images: int) -> int:
        """Bytes on disk of the features of ``num_images`` images."""
        return num_images * prod(self.shape) * self.dtype.itemsize

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image's features."""
        return tuple(self.head.input_shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number format of the features on disk."""
        # NumPy has no bfloat16; float32 holds its values exactly.
        is_half = self.front.output.dtype == "float16"
        return np.dtype(np.float16 if is_half else np.float32)


def split_model(model: keras.Model) -> ModelParts | None:
    """Split a model after its backbone; None where its features vary between epochs.

    They vary if the backbone trains, or if it or a layer before it is random.
    """
    layers = model.layers
    backbones = [i for i, layer in enumerate(layers) if isinstance(layer, keras.Model)]
    if not backbones:
        return None
    end = backbones[-1] + 1
    while isinstance(layers[end], _POOLING):
        end += 1
    if any(_is_trainable(layer) or _is_random(layer) for layer in layers[:end]):
        return None
    # Everything after a backbone is a chain.
    features = layers[end].input
    front = keras.Model(model.inputs, features, name="front")
    x = inputs = keras.Input(features.shape[1:], dtype=features.dtype, name="features")
    for layer in layers[end:]:
        x = layer(x)
    return ModelParts(front, keras.Model(inputs, x, name="head"))


def _is_trainable(layer: keras.layers.Layer) -> bool:
    return bool(layer.trainable_variables)


def _is_random(layer: keras.layers.Layer) -> bool:
    # The state of a random generator is a variable but not a weight.
    return len(layer.variables) > len(layer.weights)


def discard(run_folder: Path) -> None:
    """Delete the features of a run, if any."""
    shutil.rmtree(run_folder / FOLDER, ignore_errors=True)


@contextmanager
def kept_features(
    parts: ModelParts,
    batches: TrainValidation,
    *,
    run_folder: Path,
    engine: str,
    reporter: Reporter,
) -> Iterator[TrainValidation | None]:
    """The same batches with features in place of images; None where the disk has no room.

    Features of an earlier attempt are used if they fit. The folder is deleted at the end. Raises
    StopRequested.
    """
    folder = run_folder / FOLDER
    try:
        yield _open_or_compute(parts, batches, folder, engine, reporter)
    finally:
        discard(run_folder)


def _open_or_compute(
    parts: ModelParts, batches: TrainValidation, folder: Path, engine: str, reporter: Reporter
) -> TrainValidation | None:
    origin = _origin(parts, batches)
    found = _open(folder, origin, parts, batches)
    if found is None:
        shutil.rmtree(folder, ignore_errors=True)
        num_images = sum(len(images.indices) for images in batches)
        if not _has_room(folder.parent, parts.num_bytes(num_images)):
            return None
        writer = _FeatureWriter(parts, batches, engine, reporter)
        try:
            write_folder(folder, lambda temporary: writer.write(temporary, origin))
        except OSError as error:
            if not is_no_space(error):
                raise
            _log.warning("%s", _not_kept("the disk is full"))
            return None
        found = _open(folder, origin, parts, batches)
        if found is None:
            raise ArtifactCorrupt(f"The features in {folder} cannot be read after being written.")
    (train, validation), (of_train, of_validation) = batches, found
    return train.of(of_train), validation.of(of_validation)


def _origin(parts: ModelParts, batches: TrainValidation) -> str:
    """A checksum of what may differ between attempts of one run: weights and the split."""
    total = hashlib.sha256()
    for variable in parts.front.variables:
        total.update(np.ascontiguousarray(keras.ops.convert_to_numpy(variable)).tobytes())
    for images in batches:
        total.update(images.indices.tobytes())
    return total.hexdigest()


def _open(
    folder: Path, origin: str, parts: ModelParts, batches: TrainValidation
) -> list[NDArray[Any]] | None:
    """Features of an earlier attempt; None if they are missing, damaged or of other weights."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        if meta != _meta(origin):
            return None
        # A file that is too short cannot be mapped: ValueError; an empty one: EOFError.
        arrays = [np.load(folder / name, mmap_mode="r") for name in (TRAIN, VALIDATION)]
    except (OSError, ValueError, EOFError) as error:
        if folder.exists():
            _log.warning("Features are computed again: %s", error)
        return None
    expected = [(len(images.indices), *parts.shape) for images in batches]
    return arrays if [array.shape for array in arrays] == expected else None


def _meta(origin: str) -> dict[str, Any]:
    return {"format": FORMAT, "origin": origin, "engine": keras.config.backend()}


def _has_room(folder: Path, num_bytes: int) -> bool:
    free = shutil.disk_usage(folder).free
    if num_bytes <= MAX_DISK_SHARE * free:
        return True
    _log.warning(
        "%s",
        _not_kept(
            f"they would take {num_bytes / 1e9:.2f} GB and {free / 1e9:.2f} GB of the disk are free"
        ),
    )
    return False


def _not_kept(reason: str) -> str:
    return (
        f"The backbone's features are not kept: {reason}. Scores stay the same, epochs take "
        "longer. More room on the disk or global pooling after the backbone would help."
    )


class _FeatureWriter:
    """Computes the features of all images in one pass and writes them to files."""

    def __init__(
        self, parts: ModelParts, batches: TrainValidation, engine: str, reporter: Reporter
    ) -> None:
        self._parts, self._batches, self._reporter = parts, batches, reporter
        self._total = sum(len(images.indices) for images in batches)
        self._done = 0
        allow_jit(parts.front, engine)
        parts.front.compile(jit_compile=jit_compile(engine))

    def write(self, folder: Path, origin: str) -> None:
        """Write the files of ``folder``. Raises StopRequested."""
        for name, images in zip((TRAIN, VALIDATION), self._batches, strict=True):
            self._write_features(folder / name, images)
        (folder / META).write_text(json.dumps(_meta(origin)), encoding="utf-8")

    def _write_features(self, path: Path, images: Batches) -> None:
        parts, size = self._parts, images.batch_size
        header = {
            "descr": np.lib.format.dtype_to_descr(parts.dtype),
            "fortran_order": False,
            "shape": (len(images.indices), *parts.shape),
        }
        # Plain writes: a full disk raises an error, whereas a memory-mapped file would crash.
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(images.indices), size):
                self._report()
                chosen = images.indices[start : start + size]
                file.write(self._features(images, chosen).tobytes())
                self._done += len(chosen)
        self._report()

    def _features(self, images: Batches, chosen: NDArray[np.int64]) -> NDArray[Any]:
        # Every batch has the same size, or engines would compile again for the last one.
        filled = np.resize(chosen, images.batch_size)
        pixels, _ = images.take(filled)
        features = self._parts.front.predict_on_batch(pixels)[: len(chosen)]
        return np.ascontiguousarray(features, dtype=self._parts.dtype)

    def _report(self) -> None:
        if self._reporter.should_stop():
            raise StopRequested
        self._reporter.phase(Phase.COMPUTING_FEATURES, self._done / self._total)
