"""Data sets from Keras' loaders, which use its cache and download into it."""

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
from core.datasets.loaders.decoded_source import DecodedSource, DecodedSplit, split_of
from core.datasets.sources import KERAS_FILES, keras_bytes, keras_folder
from core.errors import DatasetCorrupt, DatasetUnavailable

SILENCE_S = 30.0
"""Timeout of a silent server; Keras itself has none."""
_ENGINES = ("tensorflow", "jax", "torch")
_POLL_S = 0.25
_BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, ValueError)
_NETWORK = (TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException)

_log = logging.getLogger(__name__)

ByteListener = Callable[[int], None]


def load(info: DatasetInfo, on_bytes: ByteListener) -> DecodedSource:
    """Load by `keras.datasets.<name>.load_data()`; ``on_bytes`` gets the bytes downloaded so far.

    Raises DatasetUnavailable if the download fails, DatasetCorrupt if the files in Keras' cache
    are broken and cannot be replaced.
    """
    try:
        train, test = _load_data(info, on_bytes)
    except _BROKEN as error:
        # The hash of a captive portal's page is wrong. Keras has no hash of Fashion-MNIST: an
        # interrupted download of it would never be repeated.
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
    with _quiet(keras), _with_timeout(), _with_progress(info.name, on_bytes):
        try:
            return loader.load_data()
        except Exception as error:
            # Without a network Keras raises a bare Exception while it handles a URLError. A full
            # disk is an OSError too, and must not be taken for the network.
            if isinstance(error, _NETWORK) or isinstance(error.__context__, URLError):
                raise DatasetUnavailable(f"{info.title} could not be fetched: {error}") from error
            raise


def _import_keras() -> Any:
    """Import Keras with any installed engine: reading data uses none."""
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
    """Switch off Keras' progress bar: standard output may be JSON for a program."""
    was_on = keras.config.is_interactive_logging_enabled()
    keras.config.disable_interactive_logging()
    try:
        yield
    finally:
        if was_on:
            keras.config.enable_interactive_logging()


@contextmanager
def _with_timeout() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextmanager
def _with_progress(name: str, on_bytes: ByteListener) -> Iterator[None]:
    """Report the growth of the files in Keras' cache: Keras has no callback for it.

    An exception of ``on_bytes`` (a full disk, a cancelling listener) is raised at the end.
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
    """A split of images (N, H, W, C), from Keras' (N, H, W) or (N, C, H, W)."""
    height, width, channels = info.image_shape
    pixels = np.asarray(images, dtype=np.uint8)
    if pixels.ndim == 3:
        pixels = pixels[..., np.newaxis]
    elif pixels.shape[1:] == (channels, height, width):
        pixels = pixels.transpose(0, 2, 3, 1)
    if pixels.shape[1:] != info.image_shape or len(pixels) != len(labels):
        raise DatasetCorrupt(
            f"Keras returned {info.title} as {pixels.shape} with {len(labels)} labels; "
            f"expected images of {info.image_shape}."
        )
    return split_of(pixels, np.asarray(labels))
