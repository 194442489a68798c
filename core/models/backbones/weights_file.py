"""Read a backbone's weights from a file that may be foreign or damaged, without Keras.

There are three formats: the .h5 of keras.applications (and of the older ``save_weights``), the
.weights.h5 of Keras 3, and a .keras archive, whose model may be the backbone itself or have
it as one of its layers, as the models of this lab do. Nothing is unpickled, no model is built
from the file's description, and links out of the file are refused.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py

from core.models.backbones.catalog import BackboneInfo
from core.text import quote

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_ARCHIVED = "model.weights.h5"
_WIDEST_NUMBER = 8
# A file may also hold a head, an optimiser's moments, and its own structure.
_MOST_TIMES, _MOST_MORE = 8, 512 * 2**20
# The largest backbone has some 1,000 layers, and each is read three times.
_DEEPEST, _MOST_PARTS = 10, 10_000

Layer = tuple[Any, ...]
"""Arrays of one layer with weights, in Keras' order; they are not read yet."""


class UnusableWeights(ValueError):
    """A file without usable weights; the message is one sentence for people."""


@dataclass(frozen=True)
class StoredWeights:
    """The backbone's layers with weights.

    ``ordered``: in the model's order. Otherwise ``by_name`` has them by their names in Keras 3:
    the class with a number (``conv2d``, ``conv2d_1``, ``sequential/layers/conv2d``).
    """

    ordered: tuple[Layer, ...] = ()
    by_name: Mapping[str, Layer] | None = None


@contextmanager
def opened(path: Path, info: BackboneInfo) -> Iterator[StoredWeights]:
    """Open a file; the sizes of its layers are those of the backbone.

    Raises UnusableWeights.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_h5(path, info, stack))
            stored = _stored(file, info, path)
        except UnusableWeights:
            raise
        # h5py has no error of its own for damaged files: it raises one of these.
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
            raise UnusableWeights(
                f"{path.name} is truncated or damaged ({_first_line(error)}). Expected the "
                f"weights of {info.name}: fetch or copy the file again."
            ) from error
        yield stored


def problem(path: Path, info: BackboneInfo) -> str:
    """What is wrong with a file, in one sentence; empty if nothing is."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return (
            f"There is no file {quote(str(path))} on this machine. Expected a weights file's path."
        )
    return _problem(path, info, found.st_mtime_ns, found.st_size)


# The time of the last change and the size are in the key: a changed file is read again.
@lru_cache(maxsize=64)
def _problem(path: Path, info: BackboneInfo, changed_at: int, size: int) -> str:
    try:
        with opened(path, info):
            return ""
    except UnusableWeights as error:
        return str(error)


def _h5(path: Path, info: BackboneInfo, stack: ExitStack) -> h5py.File:
    if not path.is_file():
        raise UnusableWeights(f"{path} is no file. Expected one with the weights.")
    with path.open("rb") as file:
        start = file.read(len(_SIGNATURE))
    if start == _SIGNATURE:
        return h5py.File(path, "r")
    if start[:4] != b"PK\x03\x04":
        raise UnusableWeights(
            f"{path.name} is no weights file. Expected .h5, .weights.h5 or .keras, as Keras "
            "writes them."
        )
    return h5py.File(_unpacked(path, info, stack), "r")


def _unpacked(path: Path, info: BackboneInfo, stack: ExitStack) -> io.BytesIO:
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
        found = archive.getinfo(_ARCHIVED)
        if found.file_size > _most_bytes(info):
            raise UnusableWeights(_too_large(path, info))
        if found.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile("compressed in a way that Keras never does")
        with archive.open(found) as member:
            content = member.read(_most_bytes(info) + 1)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
        raise UnusableWeights(
            f"{path.name} is truncated, damaged or no archive of Keras'. Expected one that "
            f"holds {_ARCHIVED}."
        ) from error
    if content[: len(_SIGNATURE)] != _SIGNATURE:
        raise UnusableWeights(f"{path.name} holds no weights that can be read.")
    return io.BytesIO(content)


def _most_bytes(info: BackboneInfo) -> int:
    return _MOST_TIMES * _WIDEST_NUMBER * sum(info.parameters) + _MOST_MORE


def _too_large(path: Path, info: BackboneInfo) -> str:
    return f"{path.name} is far larger than the weights of {info.name} can be."


def _stored(file: h5py.File, info: BackboneInfo, path: Path) -> StoredWeights:
    expected = [size for size in info.parameters if size]
    # An older file of a whole model has its weights one group deeper.
    root = _child(file, "model_weights") if "model_weights" in file else file
    names = _texts(root, "layer_names")
    if names:
        layers = [_named(_child(root, name)) for name in names]
        found = [layer for layer in layers if layer]
        if _sizes(found)[: len(expected)] == expected:
            return StoredWeights(ordered=tuple(found[: len(expected)]))
        raise UnusableWeights(_mismatch(path, info, _sizes(found)))
    parts = iter(range(_MOST_PARTS))
    candidates = [
        dict(_numbered(_child(group, "layers"), parts)) for group in _with_layers(file, parts)
    ]
    for each in candidates:
        if _holds(_sizes_by_layer(each), expected):
            return StoredWeights(by_name=each)
    # The innermost model has the most parts: a head has only a few.
    found_sizes = max((_sizes_by_layer(each) for each in candidates), key=len, default=[])
    raise UnusableWeights(_mismatch(path, info, found_sizes))


def _mismatch(path: Path, info: BackboneInfo, found: Sequence[int]) -> str:
    expected = [size for size in info.parameters if size]
    return (
        f"{path.name} holds {sum(found):,} numbers in {len(found)} layers, not the weights of "
        f"{info.name}: {sum(expected):,} in {len(expected)} layers. Choose the file of this "
        "model, or the model of this file."
    )


def _holds(found: Sequence[int], expected: Sequence[int]) -> bool:
    """Whether all expected sizes are there; a head may have others."""
    return not Counter(expected) - Counter(found)


def _named(group: Any) -> Layer:
    """Arrays of a layer in the older format, in the order of its list."""
    return tuple(_array(_inside(group, name)) for name in _texts(group, "weight_names"))


def _inside(group: Any, path: str) -> Any:
    for part in path.split("/"):
        group = _child(group, part)
    return group


def _numbered(
    layers: Any, parts: Iterator[int], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Layer]]:
    """Layers in Keras 3's format with their names, those of nested models too."""
    for name in layers:
        _count(parts, depth)
        group = _child(layers, name)
        if "vars" in group and len(group["vars"]):
            numbered = _child(group, "vars")
            arrays = (_array(_child(numbered, each)) for each in sorted(numbered, key=int))
            yield f"{prefix}{name}", tuple(arrays)
        if "layers" in group:
            within = _child(group, "layers")
            yield from _numbered(within, parts, f"{prefix}{name}/layers/", depth + 1)


def _with_layers(group: Any, parts: Iterator[int], depth: int = 0) -> Iterator[Any]:
    """Groups that hold a model: the file itself, then nested models."""
    _count(parts, depth)
    if "layers" not in group:
        return
    yield group
    layers = _child(group, "layers")
    for name in layers:
        each = _child(layers, name)
        if isinstance(each, h5py.Group):
            yield from _with_layers(each, parts, depth + 1)


def _count(parts: Iterator[int], depth: int) -> None:
    """Count one part. Links to the same group on each level could make billions of parts."""
    if depth > _DEEPEST:
        raise UnusableWeights("The file is nested more deeply than a model can be.")
    if next(parts, None) is None:
        raise UnusableWeights("The file has more parts than a model can have.")


def _child(group: Any, name: str) -> Any:
    """A member of this file; other links could lead to any file."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise UnusableWeights(f"The file points at {name!r} elsewhere. Expected plain arrays.")
    return group[name]


def _array(dataset: Any) -> Any:
    is_plain = isinstance(dataset, h5py.Dataset) and not dataset.is_virtual
    if not is_plain or dataset.external or dataset.dtype.kind not in "fiu":
        raise UnusableWeights("The file holds something other than arrays of numbers.")
    return dataset


def _sizes(layers: Sequence[Layer]) -> list[int]:
    return [sum(int(array.size) for array in layer) for layer in layers]


def _sizes_by_layer(layers: Mapping[str, Layer]) -> list[int]:
    """Numbers per layer of the model, including those of layers nested in it."""
    sizes: Counter[str] = Counter()
    for name, layer in layers.items():
        sizes[name.split("/")[0]] += sum(int(array.size) for array in layer)
    return list(sizes.values())


def _texts(group: Any, name: str) -> list[str]:
    """A list of names, which may be in several parts."""
    parts = [name] if name in group.attrs else []
    while f"{name}{len(parts)}" in group.attrs:
        parts.append(f"{name}{len(parts)}")
    raw = [text for part in parts for text in group.attrs[part]]
    return [text.decode() if isinstance(text, bytes) else str(text) for text in raw]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
