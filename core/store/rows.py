"""Converts rows to records and back.

The ``to_`` functions expect rows that passed the checks of their `Shape`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from core.records.phases import Phase
from core.records.runs import (
    Artifact,
    Best,
    EventKind,
    Failure,
    Metric,
    Progress,
    Run,
    RunEvent,
    RunState,
)
from core.store.checks import ARTIFACT, EVENT, METRIC, RUN
from core.store.row_reader import Shape

_SAME_NAMES = (
    "id",
    "name",
    "attempt",
    "preset",
    "dataset",
    "seed",
    "digest",
    "config",
    "group_id",
    "queue_position",
    "epochs",
    "epochs_done",
    "engine",
    "device",
    "created_at",
    "started_at",
    "finished_at",
    "heartbeat_at",
    "stop_requested_at",
    "auto_resumes",
    "pid",
    "archived",
    "notes",
    "search_id",
    "trial_number",
    "continues_run",
    "promoted",
)


class FinishedEpoch(Protocol):
    """The fields of an epoch that the store needs, see `core.training.reporter.EpochRecord`."""

    @property
    def epoch(self) -> int: ...
    @property
    def metrics(self) -> Mapping[str, float]: ...
    @property
    def seconds(self) -> float: ...
    @property
    def images(self) -> int: ...


def to_run(row: Mapping[str, Any]) -> Run:
    """A row of `run` as its record."""
    return Run(
        **{name: row[name] for name in _SAME_NAMES},
        state=RunState(row["state"]),
        best=_to_best(row),
        progress=_to_progress(row["progress"]),
        failure=Failure(**row["failure"]) if row["failure"] else None,
        stop_requested=row["stop_requested_at"] is not None,
        tags=tuple(row["tags"]),
    )


def to_event(row: Mapping[str, Any]) -> RunEvent:
    """A row of `run_event` as its record."""
    before = RunState(row["before"]) if row["before"] else None
    after, kind = RunState(row["after"]), EventKind(row["kind"])
    if kind is EventKind.NOTE and before is not after:
        # A trainer that is older than the kinds stores the default for every event.
        kind = EventKind.of_change(before, after)
    return RunEvent(
        run_id=row["run_id"],
        at=row["at"],
        attempt=row["attempt"],
        before=before,
        after=after,
        kind=kind,
        reason=row["reason"],
    )


def to_metric(row: Mapping[str, Any]) -> Metric:
    """A row of `metric` as its record, NaN and infinities restored."""
    return Metric(
        run_id=row["run_id"],
        epoch=row["epoch"],
        split=row["split"],
        name=row["name"],
        value=restored(row["value"], row["special"]),
        seconds=row["seconds"],
        images=row["images"],
    )


def to_artifact(row: Mapping[str, Any]) -> Artifact:
    """A row of `artifact` as its record."""
    return Artifact(**row)


RUNS = Shape(RUN, to_run)
EVENTS = Shape(EVENT, to_event)
METRICS = Shape(METRIC, to_metric)
ARTIFACTS = Shape(ARTIFACT, to_artifact)


def restored(value: float | None, special: str | None) -> float:
    """The number that `stored` converted to columns."""
    if value is not None:
        return value
    return float(special or "nan")


def stored(value: float) -> dict[str, float | str | None]:
    """Columns ``value`` and ``special`` for any float, NaN and infinities too."""
    number = float(value)
    if math.isfinite(number):
        return {"value": number, "special": None}
    return {"value": None, "special": str(number)}


def epoch_rows(run_id: str, record: FinishedEpoch) -> list[dict[str, Any]]:
    """One row of `metric` per name of Keras; ``val_`` means the validation split."""
    return [
        {
            "run_id": run_id,
            "epoch": record.epoch,
            "split": "validation" if name.startswith("val_") else "train",
            "name": name.removeprefix("val_"),
            "seconds": float(record.seconds),
            "images": int(record.images),
            **stored(value),
        }
        for name, value in record.metrics.items()
    ]


def best_of(records: Iterable[FinishedEpoch], best: Best | None = None) -> Best | None:
    """The best epoch by validation accuracy, the earlier one on ties.

    An accuracy that is not finite is never best: the row could not be read.
    """
    for record in records:
        accuracy = float(record.metrics.get("val_accuracy", math.nan))
        if math.isfinite(accuracy) and (best is None or accuracy > best.val_accuracy):
            loss = float(record.metrics.get("val_loss", math.nan))
            best = Best(record.epoch, accuracy, loss)
    return best


def best_columns(best: Best | None) -> dict[str, Any]:
    """The columns of `run` that hold the best epoch."""
    if best is None:
        return {"best_epoch": None, "best_val_accuracy": None, "best_val_loss": None}
    return {
        "best_epoch": best.epoch,
        "best_val_accuracy": best.val_accuracy,
        "best_val_loss": stored(best.val_loss)["value"],
    }


def progress_column(progress: Progress, now: datetime) -> dict[str, Any]:
    """Progress as JSON, with its time. NaN and infinities become None."""
    raw = asdict(progress) | {"at": now.isoformat()}
    if progress.metrics is not None:
        raw["metrics"] = {
            name: float(value) if math.isfinite(value) else None
            for name, value in progress.metrics.items()
        }
    return raw


def _to_best(row: Mapping[str, Any]) -> Best | None:
    if row["best_epoch"] is None or row["best_val_accuracy"] is None:
        return None
    loss = row["best_val_loss"]
    return Best(row["best_epoch"], row["best_val_accuracy"], math.nan if loss is None else loss)


def _to_progress(raw: dict[str, Any] | None) -> Progress | None:
    if raw is None:
        return None
    metrics = raw["metrics"]
    if metrics is not None:
        metrics = {name: math.nan if v is None else v for name, v in metrics.items()}
    return Progress(
        **(raw | {"phase": Phase(raw["phase"]), "metrics": metrics})
        | {"at": datetime.fromisoformat(raw["at"])}
    )
