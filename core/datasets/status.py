"""Status of each data set: decoded, on this computer, or to be downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.datasets import catalog, sources
from core.datasets.cache import is_cached
from core.datasets.catalog import DATASETS, DatasetInfo
from core.datasets.progress import DIED, PreparePhase, PrepareProgress, read_progress
from core.datasets.sources import Source, SourceKind
from core.errors import DatasetUnavailable
from core.settings import Settings


class DatasetState(StrEnum):
    """Where a data set is, and whether it is decoded."""

    READY = "ready"
    LOCAL = "local"
    DOWNLOADABLE = "downloadable"
    PREPARING = "preparing"
    MISSING = "missing"


@dataclass(frozen=True)
class DatasetStatus:
    """One data set's status, with a sentence for people.

    ``progress`` is that of a running or failed preparation.
    """

    name: str
    state: DatasetState
    source_path: Path | None
    sentence: str
    progress: PrepareProgress | None = None


def status(
    name: str, settings: Settings, catalogue: Mapping[str, DatasetInfo] = DATASETS
) -> DatasetStatus:
    """Status of one data set, without decoding, downloading or importing heavy packages."""
    info = catalog.info(name, catalogue)
    try:
        source = sources.find(info, settings)
        return _of_source(info, source, settings, read_progress(name, settings))
    except DatasetUnavailable as error:
        return DatasetStatus(name, DatasetState.MISSING, None, str(error))
    except OSError as error:
        sentence = f"{info.title} cannot be read: {error}"
        return DatasetStatus(name, DatasetState.MISSING, None, sentence)


def statuses(
    settings: Settings, catalogue: Mapping[str, DatasetInfo] = DATASETS
) -> list[DatasetStatus]:
    """Status of every data set, in the catalogue's order."""
    return [status(name, settings, catalogue) for name in catalogue]


def _of_source(
    info: DatasetInfo, source: Source, settings: Settings, progress: PrepareProgress | None
) -> DatasetStatus:
    path = None if source.kind is SourceKind.DOWNLOAD else source.path
    if progress is not None and progress.is_running:
        doing = _doing(info, progress)
        return DatasetStatus(info.name, DatasetState.PREPARING, path, doing, progress)
    state = _state(info, source, settings)
    is_ready = state is DatasetState.READY
    if progress is not None and not is_ready and not _replaced_since(progress, path):
        return DatasetStatus(info.name, state, path, progress.error or DIED, progress)
    return DatasetStatus(info.name, state, path, _sentence(info, source, state))


def _state(info: DatasetInfo, source: Source, settings: Settings) -> DatasetState:
    if is_cached(info, source, settings):
        return DatasetState.READY
    if source.kind is SourceKind.DOWNLOAD:
        return DatasetState.DOWNLOADABLE
    return DatasetState.LOCAL


def _replaced_since(failure: PrepareProgress, path: Path | None) -> bool:
    """Whether the file of a failed preparation has been replaced since."""
    # ctime changes also if the new file was copied with its old date.
    return path is not None and path.stat().st_ctime > failure.updated_at.timestamp()


def _sentence(info: DatasetInfo, source: Source, state: DatasetState) -> str:
    if state is DatasetState.READY:
        return f"{info.title} is decoded and ready."
    if state is DatasetState.DOWNLOADABLE:
        return f"{info.title} is fetched on first use ({info.download_bytes / 1e6:.0f} MB)."
    if source.kind is SourceKind.PACKAGE:
        return f"{info.title} ships with scikit-learn; it is decoded on first use."
    return f"{info.title} is here ({source.path}); it is decoded on first use."


def _doing(info: DatasetInfo, progress: PrepareProgress) -> str:
    if progress.phase is PreparePhase.DOWNLOAD:
        done, total = progress.done / 1e6, progress.total / 1e6
        return f"{info.title} is being fetched: {done:.0f} of {total:.0f} MB."
    if progress.phase is PreparePhase.DECODE:
        return f"{info.title} is being decoded: {progress.done:,} of {progress.total:,} images."
    return f"{info.title} is being written to disk."
