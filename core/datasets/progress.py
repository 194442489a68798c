"""Progress of the preparation of a data set, in a small file that other processes read.

The file has the preparing process' id and start time, by which readers notice that it died.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from core.processes import ProcessIdentity
from core.settings import Settings

DIED = "The preparation did not finish: its process ended. Start it again."


class PreparePhase(StrEnum):
    """What the preparation does now. ``failed`` is final, with an error."""

    DOWNLOAD = "download"
    DECODE = "decode"
    WRITE = "write"
    FAILED = "failed"


@dataclass(frozen=True)
class PrepareProgress:
    """One report. ``done`` and ``total`` count bytes while downloading, images afterwards."""

    name: str
    phase: PreparePhase
    done: int
    total: int
    error: str | None
    updated_at: datetime
    pid: int
    process_started_at: float
    """See `ProcessIdentity.created_at`."""

    @property
    def fraction(self) -> float:
        """Share of this phase that is done, 0..1."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    @property
    def is_running(self) -> bool:
        """Whether the preparation was running when the report was read."""
        return self.phase is not PreparePhase.FAILED


ProgressListener = Callable[[PrepareProgress], None]


def report(
    name: str,
    phase: PreparePhase,
    done: int,
    total: int,
    *,
    error: str | None = None,
) -> PrepareProgress:
    """A report of this process, with the time."""
    me = ProcessIdentity.of_this_process()
    return PrepareProgress(
        name, phase, done, total, error, datetime.now(UTC), me.pid, me.created_at
    )


def progress_file(name: str, settings: Settings) -> Path:
    """The progress file of a data set."""
    return settings.cache / f".{name}.progress.json"


def write_progress(progress: PrepareProgress, settings: Settings) -> None:
    """Replace the progress file atomically. Raises OSError, for example if the cache is gone."""
    path = progress_file(progress.name, settings)
    # One name is enough: only the holder of the data set's lock reports.
    fresh = path.with_name(f"{path.name}.new")
    raw = asdict(progress) | {"updated_at": progress.updated_at.isoformat()}
    fresh.write_text(json.dumps(raw), encoding="utf-8")
    fresh.replace(path)


def read_progress(name: str, settings: Settings) -> PrepareProgress | None:
    """The last report; None if no preparation is running or failed.

    If the process of a running preparation is gone, the report is ``failed``, with an error.
    """
    try:
        raw = json.loads(progress_file(name, settings).read_text(encoding="utf-8"))
        raw["updated_at"] = datetime.fromisoformat(raw["updated_at"])
        raw["phase"] = PreparePhase(raw["phase"])
        progress = PrepareProgress(**raw)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    preparer = ProcessIdentity(progress.pid, progress.process_started_at)
    if progress.is_running and not preparer.is_alive():
        return replace(progress, phase=PreparePhase.FAILED, error=DIED)
    return progress


def clear_progress(name: str, settings: Settings) -> None:
    """Remove the progress file after a preparation that did not fail."""
    for file in settings.cache.glob(f"{progress_file(name, settings).name}*"):
        file.unlink(missing_ok=True)
