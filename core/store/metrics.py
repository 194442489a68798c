"""Curves: keyed (run, epoch, split, name), an epoch at a time, never two of the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from core.records.runs import Best, Metric
from core.store import tables
from core.store.checks import METRIC, RUN, is_count, is_number
from core.store.database import Database
from core.store.row_reader import Shape, fetch, read_columns, read_rows
from core.store.rows import (
    METRICS,
    FinishedEpoch,
    best_columns,
    best_of,
    epoch_rows,
    restored,
    stored,
)
from core.store.states import require_attempt

TEST = "test"
_LAST = {name: METRIC[name] for name in ("run_id", "split", "name", "value", "special")}
_SPEED_CHECKS = {
    **{name: RUN[name] for name in ("id", "device", "engine", "config", "epochs_done")},
    "flops_per_image": is_number,
    **dict.fromkeys(("first_seconds", "last_seconds"), METRIC["seconds"]),
    **dict.fromkeys(("first_images", "last_images"), METRIC["images"]),
}


@dataclass(frozen=True)
class PastSpeed:
    """The speed of a past run, for estimates."""

    run_id: str
    device: str
    engine: str | None
    config: dict[str, Any]
    flops_per_image: float
    """Of a wholly trained model that takes as long: see `core.jobs.work`."""
    seconds_per_image: float
    """Of training, validation passes included."""
    epochs_done: int = 0


class MetricStore:
    """Metrics of epochs, test scores, and the speed of past runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_epoch(self, run_id: str, attempt: int, record: FinishedEpoch) -> None:
        """Store an epoch, replacing it where it is there already. Raises StaleAttempt."""
        with self._database.write() as connection:
            require_attempt(connection, run_id, attempt)
            _forget(connection, run_id, tables.metric.c.epoch == record.epoch)
            _insert(connection, epoch_rows(run_id, record))
            best = best_of([record], _stored_best(connection, run_id, record.epoch))
            _count(connection, run_id, record.epoch, best)

    def replace_history(self, run_id: str, attempt: int, history: Sequence[FinishedEpoch]) -> None:
        """Make a restored checkpoint's history the run's whole history. Raises StaleAttempt."""
        last = max((record.epoch for record in history), default=0)
        with self._database.write() as connection:
            require_attempt(connection, run_id, attempt)
            _forget(connection, run_id, tables.metric.c.epoch > 0)
            later = tables.metric.c.epoch > last
            connection.execute(delete(tables.metric).where(_of(run_id), later))
            _insert(connection, [row for each in history for row in epoch_rows(run_id, each)])
            _count(connection, run_id, last, best_of(history))

    def save_test_metrics(self, run_id: str, epoch: int, values: Mapping[str, float]) -> None:
        """Store the test scores of one epoch; earlier test scores of the run go."""
        with self._database.write() as connection:
            connection.execute(
                delete(tables.metric).where(_of(run_id), tables.metric.c.split == TEST)
            )
            _insert(connection, test_rows(run_id, epoch, values))

    def columns(self, run_ids: Sequence[str], *, after: int = 0) -> dict[str, list[Any]]:
        """The same as plain columns, for a frame of hundreds of thousands of rows."""
        names = ("run_id", "epoch", "split", "name", "value", "seconds", "images")
        with self._database.read() as connection:
            found = read_columns(connection, _curves(run_ids, after), METRIC)
        columns = {name: list(found[name]) for name in names}
        columns["value"] = list(map(restored, found["value"], found["special"]))
        return columns

    def last(self) -> dict[str, dict[str, float]]:
        """The last finished epoch of every run, by run id and ``split name``; no test scores.

        One query for all, so that a table of thousands of runs need not read their curves.
        """
        metric, run = tables.metric.c, tables.run.c
        query = (
            select(metric.run_id, metric.split, metric.name, metric.value, metric.special)
            .join(tables.run, (run.id == metric.run_id) & (run.epochs_done == metric.epoch))
            .where(metric.split != TEST)
        )
        found: dict[str, dict[str, float]] = {}
        with self._database.read() as connection:
            last = read_columns(connection, query, _LAST)
        values = map(restored, last["value"], last["special"])
        for run_id, split, name, value in zip(
            last["run_id"], last["split"], last["name"], values, strict=True
        ):
            found.setdefault(run_id, {})[f"{split} {name}"] = value
        return found

    def past_speeds(self, machine: str, *, limit: int = 200) -> list[PastSpeed]:
        """The newest runs of a machine that finished an epoch, with their speeds."""
        epochs = _epoch_sums()
        run = tables.run.c
        query = (
            select(
                run.id,
                run.device,
                run.engine,
                run.config,
                run.flops_per_image,
                run.epochs_done,
                epochs,
            )
            .join(epochs, epochs.c.run_id == run.id)
            .where(run.machine == machine, run.flops_per_image > 0, run.device.is_not(None))
            .order_by(run.created_at.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            speeds = read_rows(connection, query, _SPEEDS)
        return [speed for speed in speeds if speed is not None]

    def list(self, run_ids: Sequence[str], *, after: int = 0) -> list[Metric]:
        """Metrics of several runs later than epoch ``after``, by run, epoch, split and name."""
        with self._database.read() as connection:
            return read_rows(connection, _curves(run_ids, after), METRICS)


def test_rows(run_id: str, epoch: int, values: Mapping[str, float]) -> list[dict[str, Any]]:
    """One row of `metric` for each test score."""
    shared = {"run_id": run_id, "epoch": epoch, "split": TEST, "seconds": 0.0, "images": 0}
    return [shared | {"name": name} | stored(value) for name, value in values.items()]


def _curves(run_ids: Sequence[str], after: int) -> Select[Any]:
    key = (c := tables.metric.c).run_id, c.epoch, c.split, c.name
    return select(tables.metric).where(c.run_id.in_(run_ids), c.epoch > after).order_by(*key)


def _epoch_sums() -> Any:
    metric = tables.metric.c
    return (
        select(
            metric.run_id,
            func.min(metric.seconds).label("first_seconds"),
            func.max(metric.seconds).label("last_seconds"),
            func.min(metric.images).label("first_images"),
            func.max(metric.images).label("last_images"),
        )
        .where(metric.split == "train", metric.name == "loss")
        .group_by(metric.run_id)
        .subquery()
    )


def _past_speed(row: Mapping[str, Any]) -> PastSpeed | None:
    seconds = _seconds_per_image(row)
    names = ("device", "engine", "config", "flops_per_image", "epochs_done")
    shared = {name: row[name] for name in names}
    return None if seconds is None else PastSpeed(row["id"], seconds_per_image=seconds, **shared)


_SPEEDS = Shape(_SPEED_CHECKS, _past_speed)


def _seconds_per_image(row: Mapping[str, Any]) -> float | None:
    """Without the first epoch, which also compiles, wherever there is a second one."""
    images = row["last_images"] - row["first_images"]
    if images > 0:
        seconds = row["last_seconds"] - row["first_seconds"]
    else:
        images, seconds = row["last_images"], row["last_seconds"]
    return float(seconds / images) if images > 0 and seconds > 0 else None


def _of(run_id: str) -> Any:
    return tables.metric.c.run_id == run_id


def _forget(connection: Connection, run_id: str, which: Any) -> None:
    # Test scores were requested by a person: an epoch that is written again keeps them.
    kept = tables.metric.c.split != TEST
    connection.execute(delete(tables.metric).where(_of(run_id), which, kept))


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(tables.metric), rows)


def _stored_best(connection: Connection, run_id: str, before_epoch: int) -> Best | None:
    run = tables.run.c
    query = select(run.best_epoch, run.best_val_accuracy, run.best_val_loss).where(run.id == run_id)
    row = fetch(connection, query)[0]
    epoch, accuracy, loss = row["best_epoch"], row["best_val_accuracy"], row["best_val_loss"]
    if not is_count(epoch) or epoch >= before_epoch or not is_number(accuracy):
        return None
    return Best(epoch, accuracy, restored(loss if is_number(loss) else None, None))


def _count(connection: Connection, run_id: str, epochs_done: int, best: Best | None) -> None:
    connection.execute(
        update(tables.run)
        .where(tables.run.c.id == run_id)
        .values(epochs_done=epochs_done, **best_columns(best))
    )
