"""Decode a data set once, so that every later opening only maps memory.

`python -m core.datasets.prepare NAME` does it in a process of its own, for pages and the
command line; `core.datasets.progress.read_progress` tells others how far it is.
"""

from __future__ import annotations

import errno
import logging
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from core.datasets import catalog, progress, sources
from core.datasets.cache import Manifest, read_manifest
from core.datasets.cache_writer import write_arrays, write_manifest
from core.datasets.catalog import DATASETS, DatasetInfo
from core.datasets.loaders import archive, digits, folder, keras_cache
from core.datasets.loaders.decoded import DecodedSource
from core.datasets.progress import PreparePhase, PrepareProgress, ProgressListener
from core.datasets.sources import Source, SourceKind
from core.errors import DatasetCorrupt, DatasetError, DatasetUnavailable, UnknownDataset
from core.files import recover_folder, replace_folder
from core.settings import Settings

_REPORT_EVERY_S = 0.2
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PreparedDataset:
    """A decoded data set on disk, whole and checked."""

    folder: Path
    manifest: Manifest


def prepare(
    name: str,
    settings: Settings,
    listener: ProgressListener | None = None,
    catalogue: Mapping[str, DatasetInfo] = DATASETS,
) -> PreparedDataset:
    """Make the decoded cache of a data set, or find it made.

    One preparer a set: a second one waits, and hears the first one's progress. A listener
    that raises cancels (a fetch by Keras is finished first). Raises UnknownDataset,
    DatasetUnavailable or DatasetCorrupt; whatever happens, nothing half-written is left
    where it could be taken for a data set.
    """
    info = catalog.info(name, catalogue)
    voice = _Voice(name, settings, listener)
    try:
        settings.cache.mkdir(parents=True, exist_ok=True)
        with _alone(info, settings, voice):
            return _find_or_make(info, settings, voice)
    except OSError as error:
        if voice.was_cancelled:
            raise
        raise DatasetUnavailable(_disk_sentence(info, settings, error)) from error


def _find_or_make(info: DatasetInfo, settings: Settings, voice: _Voice) -> PreparedDataset:
    unfinished = settings.cache / f".{info.name}.unfinished"
    # We hold the lock: whatever lies here was left by a preparer that was killed.
    _remove(unfinished)
    failure: str | None = None
    try:
        return _make(info, settings, voice, unfinished)
    except DatasetError as error:
        failure = str(error)
        raise
    except OSError as error:
        failure = _disk_sentence(info, settings, error)
        raise
    except Exception:
        failure = f"{info.title} could not be prepared; the log has the details."
        raise
    finally:
        _remove(unfinished)
        if failure is None or voice.was_cancelled:
            progress.clear_progress(info.name, settings)
        else:
            voice.fail(failure)


def _make(
    info: DatasetInfo, settings: Settings, voice: _Voice, unfinished: Path
) -> PreparedDataset:
    source = sources.find(info, settings)
    fingerprint = sources.fingerprint(info, source)
    target = settings.cache / f"{info.name}-{fingerprint}"
    recover_folder(target)
    manifest = read_manifest(target)
    if manifest is not None:
        return PreparedDataset(target, manifest)
    started = time.monotonic()
    voice.say(PreparePhase.DECODE, 0, 0)
    unfinished.mkdir()
    with _opened(info, source, settings, voice) as decoded:
        total = len(decoded.train.labels) + len(decoded.test.labels)
        moments = write_arrays(
            decoded, info, unfinished, lambda done: voice.say(PreparePhase.DECODE, done, total)
        )
        voice.say(PreparePhase.WRITE, total, total)
        manifest = write_manifest(info, source, fingerprint, decoded, moments, unfinished)
    if sources.fingerprint(info, source) != fingerprint:
        raise DatasetCorrupt(f"{source.path} changed while it was read; prepare it again.")
    # Where there is one already it is damaged: a good one is never prepared again.
    replace_folder(target, unfinished)
    _log.info("%s: %d images decoded in %.1f s", info.name, total, time.monotonic() - started)
    return PreparedDataset(target, manifest)


@contextmanager
def _opened(
    info: DatasetInfo, source: Source, settings: Settings, voice: _Voice
) -> Iterator[DecodedSource]:
    if source.kind is SourceKind.FOLDER and source.path is not None:
        with folder.open_folder(info, source.path) as decoded:
            yield decoded
    elif source.kind is SourceKind.ZIP and source.path is not None:
        with archive.open_archive(info, source.path) as decoded:
            yield decoded
    elif source.kind is SourceKind.PACKAGE:
        yield digits.load()
    else:
        yield _by_keras(info, settings, voice)


def _by_keras(info: DatasetInfo, settings: Settings, voice: _Voice) -> DecodedSource:
    size = info.download_bytes
    voice.say(PreparePhase.DOWNLOAD, min(sources.keras_bytes(info.name), size), size)
    try:
        return keras_cache.load(
            info, lambda done: voice.say(PreparePhase.DOWNLOAD, min(done, size), size)
        )
    except DatasetUnavailable as error:
        _log.warning("%s", error)
        raise DatasetUnavailable(sources.what_to_put_where(info, settings)) from error


@contextmanager
def _alone(info: DatasetInfo, settings: Settings, voice: _Voice) -> Iterator[None]:
    """Hold the set's lock, which the system frees when its holder dies."""
    lock = FileLock(settings.cache / f".{info.name}.lock")
    while True:
        try:
            lock.acquire(timeout=_REPORT_EVERY_S)
            break
        except Timeout:
            heard = progress.read_progress(info.name, settings)
            if heard is not None and heard.is_running:
                voice.pass_on(heard)
    try:
        yield
    finally:
        lock.release()


class _Voice:
    """Tells the listener and the progress file, a few times a second at most."""

    def __init__(self, name: str, settings: Settings, listener: ProgressListener | None) -> None:
        self._name = name
        self._settings = settings
        self._listener = listener
        self._phase: PreparePhase | None = None
        self._said_at = 0.0
        self.was_cancelled = False

    def say(self, phase: PreparePhase, done: int, total: int) -> None:
        now = time.monotonic()
        ends = done == total
        if phase is self._phase and not ends and now - self._said_at < _REPORT_EVERY_S:
            return
        self._phase, self._said_at = phase, now
        said = progress.report(self._name, phase, done, total)
        progress.write_progress(said, self._settings)
        self.pass_on(said)

    def fail(self, sentence: str) -> None:
        try:
            said = progress.report(self._name, PreparePhase.FAILED, 0, 0, error=sentence)
            progress.write_progress(said, self._settings)
        except OSError as error:
            # The disk that made us fail may have no room for saying so either.
            _log.error("Could not record that %s failed: %s", self._name, error)

    def pass_on(self, said: PrepareProgress) -> None:
        """Tell the listener alone. What it raises cancels, whatever kind of error it is."""
        if self._listener is None:
            return
        try:
            self._listener(said)
        except BaseException:
            self.was_cancelled = True
            raise


def _disk_sentence(info: DatasetInfo, settings: Settings, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        height, width, channels = info.image_shape
        pixels = height * width * channels * (info.train_size + info.test_size)
        return (
            f"The disk is full: decoding {info.title} needs {pixels / 1e6:.0f} MB in "
            f"{settings.cache}."
        )
    if not settings.cache.exists():
        return (
            f"{settings.cache} was moved or deleted while {info.title} was decoded into it. "
            "Prepare the data set again."
        )
    return f"{info.title} could not be read or decoded into {settings.cache}: {error}"


def _remove(unfinished: Path) -> None:
    if unfinished.exists():
        shutil.rmtree(unfinished)


def _end_tidily(_signal: int, _frame: object) -> None:
    raise SystemExit(143)


def main(arguments: list[str]) -> int:
    """`python -m core.datasets.prepare NAME`: 0 when done, 1 when not possible, 2 for usage."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if len(arguments) != 1:
        _log.error("usage: python -m core.datasets.prepare NAME")
        return 2
    signal.signal(signal.SIGTERM, _end_tidily)
    try:
        prepare(arguments[0], Settings.from_environment())
    except UnknownDataset as error:
        _log.error("%s", error)
        return 2
    except DatasetError as error:
        _log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
