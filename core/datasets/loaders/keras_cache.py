"""Data sets by Keras' own loaders, out of its cache or fetched into it."""

from __future__ import annotations

import gzip
import http.client
import importlib
import importlib.util
import logging
import os
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import URLError

import numpy as np

from core.datasets.catalog import DatasetInfo
from core.datasets.loaders.decoded import DecodedSource, DecodedSplit, split_of
from core.datasets.sources import KERAS_FILES, keras_bytes, keras_folder
from core.errors import DatasetCorrupt, DatasetUnavailable

SILENCE_S = 30.0
"""A server that says nothing for so long is taken for gone; Keras itself would wait for ever."""
_ENGINES = ("tensorflow", "jax", "torch")
_POLL_S = 0.25
_BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, ValueError)
_NETWORK = (TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException)

_log = logging.getLogger(__name__)

ByteListener = Callable[[int], None]


def load(info: DatasetInfo, on_bytes: ByteListener) -> DecodedSource:
    """Load by `keras.datasets.<name>.load_data()`; ``on_bytes`` hears the bytes fetched so far.

    Raises DatasetUnavailable when nothing can be fetched, DatasetCorrupt when what is in
    Keras' cache is broken and cannot be replaced.
    """
    try:
        train, test = _load_data(info, on_bytes)
    except _BROKEN as error:
        # A page of some hotel's in place of the data fails its hash. Fashion-MNIST has none in
        # Keras, so that there a fetch that was killed would stay for good.
        _log.warning("Keras' copy of %s is broken and is fetched again: %s", info.name, error)
        for file in KERAS_FILES[info.name]:
            (keras_folder() / file).unlink(missing_ok=True)
        try:
            train, test = _load_data(info, on_bytes)
        except _BROKEN as again:
            raise DatasetCorrupt(
                f"What Keras fetched for {info.title} is broken ({again}); try again later."
            ) from again
    return DecodedSource(_split(info, *train), _split(info, *test))


def _load_data(info: DatasetInfo, on_bytes: ByteListener) -> Any:
    keras = _import_keras()
    loader = importlib.import_module(f"keras.datasets.{info.name}")
    with _quiet(keras), _impatient(), _watched(info.name, on_bytes):
        try:
            return loader.load_data()
        except Exception as error:
            # Without a network Keras raises a bare Exception while it handles a URLError. A full
            # disk is an OSError too, and must not be taken for the network.
            if isinstance(error, _NETWORK) or isinstance(error.__context__, URLError):
                raise DatasetUnavailable(f"{info.title} could not be fetched: {error}") from error
            raise


def _import_keras() -> Any:
    """Keras with whatever engine is installed: none is needed to read data."""
    if "KERAS_BACKEND" not in os.environ:
        installed = [name for name in _ENGINES if importlib.util.find_spec(name)]
        if not installed:
            raise DatasetUnavailable(
                "Keras cannot fetch data sets: it needs one of tensorflow, jax or torch installed."
            )
        os.environ["KERAS_BACKEND"] = installed[0]
    return importlib.import_module("keras")


@contextmanager
def _quiet(keras: Any) -> Iterator[None]:
    """No progress bar of Keras' on standard output, which may be somebody's JSON."""
    was_on = keras.config.is_interactive_logging_enabled()
    keras.config.disable_interactive_logging()
    try:
        yield
    finally:
        if was_on:
            keras.config.enable_interactive_logging()


@contextmanager
def _impatient() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextmanager
def _watched(name: str, on_bytes: ByteListener) -> Iterator[None]:
    """Report how the files in Keras' cache grow: it has no other way to tell.

    What ``on_bytes`` raises (a full disk, a cancelling listener) comes out at the end.
    """
    done = threading.Event()
    raised: list[BaseException] = []

    def watch() -> None:
        try:
            while not done.wait(_POLL_S):
                on_bytes(keras_bytes(name))
        except BaseException as error:  # noqa: BLE001 - handed to the other thread below
            raised.append(error)

    watcher = threading.Thread(target=watch, name=f"download of {name}", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    if raised:
        raise raised[0]


def _split(info: DatasetInfo, images: Any, labels: Any) -> DecodedSplit:
    """Bring images to (N, H, W, C), which Keras may have as (N, H, W) or (N, C, H, W)."""
    height, width, channels = info.image_shape
    pixels = np.asarray(images, dtype=np.uint8)
    if pixels.ndim == 3:
        pixels = pixels[..., np.newaxis]
    elif pixels.shape[1:] == (channels, height, width):
        pixels = pixels.transpose(0, 2, 3, 1)
    if pixels.shape[1:] != info.image_shape or len(pixels) != len(labels):
        raise DatasetCorrupt(
            f"Keras gave {info.title} as {pixels.shape} with {len(labels)} labels; "
            f"expected images of {info.image_shape}."
        )
    return split_of(pixels, np.asarray(labels))
