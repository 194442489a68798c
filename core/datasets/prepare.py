"""Decode a data set once; afterwards, opening it only maps files into memory.

`python -m core.datasets.prepare NAME` does it in a process of its own, for pages and the command
line; other processes read its progress by `core.datasets.progress.read_progress`.
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
from core.datasets.loaders.decoded_source import DecodedSource
from core.datasets.progress import PreparePhase, PrepareProgress, ProgressListener
from core.datasets.sources import Source, SourceKind
from core.errors import DatasetCorrupt, DatasetError, DatasetUnavailable, UnknownDataset
from core.files import recover_folder, replace_folder
from core.settings import Settings

_REPORT_EVERY_S = 0.2
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PreparedDataset:
    """A decoded data set on disk, complete and checked."""

    folder: Path
    manifest: Manifest


def prepare(
    name: str,
    settings: Settings,
    listener: ProgressListener | None = None,
    catalogue: Mapping[str, DatasetInfo] = DATASETS,
) -> PreparedDataset:
    """Decode a data set into the cache, if it is not there.

    One process prepares a data set; a second one waits, and its listener gets the progress of
    the first. A listener that raises cancels (after a running download by Keras). Raises
    UnknownDataset, DatasetUnavailable or DatasetCorrupt. Incomplete files are never left where
    they could be read as a data set.
    """
    info = catalog.info(name, catalogue)
    reporter = _ProgressReporter(name, settings, listener)
    try:
        settings.cache.mkdir(parents=True, exist_ok=True)
        with _alone(info, settings, reporter):
            return _find_or_make(info, settings, reporter)
    except OSError as error:
        if reporter.was_cancelled:
            raise
        raise DatasetUnavailable(_disk_sentence(info, settings, error)) from error


def _find_or_make(
    info: DatasetInfo, settings: Settings, reporter: _ProgressReporter
) -> PreparedDataset:
    unfinished = settings.cache / f".{info.name}.unfinished"
    # This process holds the lock, so this folder is of a process that was killed.
    _remove(unfinished)
    failure: str | None = None
    try:
        return _make(info, settings, reporter, unfinished)
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
        if failure is None or reporter.was_cancelled:
            progress.clear_progress(info.name, settings)
        else:
            reporter.fail(failure)


def _make(
    info: DatasetInfo, settings: Settings, reporter: _ProgressReporter, unfinished: Path
) -> PreparedDataset:
    source = sources.find(info, settings)
    fingerprint = sources.fingerprint(info, source)
    target = settings.cache / f"{info.name}-{fingerprint}"
    recover_folder(target)
    manifest = read_manifest(target)
    if manifest is not None:
        return PreparedDataset(target, manifest)
    started = time.monotonic()
    reporter.report(PreparePhase.DECODE, 0, 0)
    unfinished.mkdir()
    with _opened(info, source, settings, reporter) as decoded:
        total = len(decoded.train.labels) + len(decoded.test.labels)
        moments = write_arrays(
            decoded,
            info,
            unfinished,
            lambda done: reporter.report(PreparePhase.DECODE, done, total),
        )
        reporter.report(PreparePhase.WRITE, total, total)
        manifest = write_manifest(info, source, fingerprint, decoded, moments, unfinished)
    if sources.fingerprint(info, source) != fingerprint:
        raise DatasetCorrupt(f"{source.path} changed while it was read; prepare it again.")
    # An existing folder is damaged: an intact one is not prepared again.
    replace_folder(target, unfinished)
    _log.info("%s: %d images decoded in %.1f s", info.name, total, time.monotonic() - started)
    return PreparedDataset(target, manifest)


@contextmanager
def _opened(
    info: DatasetInfo, source: Source, settings: Settings, reporter: _ProgressReporter
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
        yield _by_keras(info, settings, reporter)


def _by_keras(info: DatasetInfo, settings: Settings, reporter: _ProgressReporter) -> DecodedSource:
    size = info.download_bytes
    reporter.report(PreparePhase.DOWNLOAD, min(sources.keras_bytes(info.name), size), size)
    try:
        return keras_cache.load(
            info, lambda done: reporter.report(PreparePhase.DOWNLOAD, min(done, size), size)
        )
    except DatasetUnavailable as error:
        _log.warning("%s", error)
        raise DatasetUnavailable(sources.how_to_provide(info, settings)) from error


@contextmanager
def _alone(info: DatasetInfo, settings: Settings, reporter: _ProgressReporter) -> Iterator[None]:
    """Hold the data set's lock; the system releases it if the process dies."""
    lock = FileLock(settings.cache / f".{info.name}.lock")
    while True:
        try:
            lock.acquire(timeout=_REPORT_EVERY_S)
            break
        except Timeout:
            other = progress.read_progress(info.name, settings)
            if other is not None and other.is_running:
                reporter.forward(other)
    try:
        yield
    finally:
        lock.release()


class _ProgressReporter:
    """Reports progress to the listener and to the progress file, a few times per second at most."""

    def __init__(self, name: str, settings: Settings, listener: ProgressListener | None) -> None:
        self._name = name
        self._settings = settings
        self._listener = listener
        self._phase: PreparePhase | None = None
        self._reported_at = 0.0
        self.was_cancelled = False

    def report(self, phase: PreparePhase, done: int, total: int) -> None:
        now = time.monotonic()
        ends = done == total
        if phase is self._phase and not ends and now - self._reported_at < _REPORT_EVERY_S:
            return
        self._phase, self._reported_at = phase, now
        report = progress.report(self._name, phase, done, total)
        progress.write_progress(report, self._settings)
        self.forward(report)

    def fail(self, sentence: str) -> None:
        try:
            report = progress.report(self._name, PreparePhase.FAILED, 0, 0, error=sentence)
            progress.write_progress(report, self._settings)
        except OSError as error:
            # A full disk, which may be the cause, has no room for the report either.
            _log.error("Could not record that %s failed: %s", self._name, error)

    def forward(self, report: PrepareProgress) -> None:
        """Report to the listener only. Any exception of the listener cancels the preparation."""
        if self._listener is None:
            return
        try:
            self._listener(report)
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


def _exit_on_signal(_signal: int, _frame: object) -> None:
    raise SystemExit(143)


def main(arguments: list[str]) -> int:
    """`python -m core.datasets.prepare NAME`: exit code 0 when done, 1 for errors, 2 for usage."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if len(arguments) != 1:
        _log.error("usage: python -m core.datasets.prepare NAME")
        return 2
    signal.signal(signal.SIGTERM, _exit_on_signal)
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
