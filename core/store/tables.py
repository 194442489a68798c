"""The tables, as the newest migration leaves them. Nothing but their shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)

from core.text import quote


@dataclass(frozen=True)
class Broken:
    """In place of a value that is not what its column holds: no check of a row lets it pass."""

    found: str
    """What is stored there, shortened."""

    def __repr__(self) -> str:
        return self.found


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC on the way in and out; SQLite itself forgets the time zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive times: they would be off by the machine's time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"Expected an aware time. Got {value!r}.")
        return value.astimezone(UTC).replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Every time in the store is UTC. Broken for what is none: other rows come after it."""
        return _utc_or_broken


def _utc_or_broken(value: Any) -> datetime | Broken | None:
    if value is None:
        return None
    try:
        # SQLite has it as text, other databases as a time.
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return Broken(quote(value))
    return moment.replace(tzinfo=UTC)


metadata = MetaData()

run = Table(
    "run",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("preset", String(200)),
    Column("dataset", String(64), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("config", JSON, nullable=False),
    Column("group_id", String(32), nullable=False),
    Column("queue_position", Float, nullable=False),
    Column("epochs", Integer, nullable=False),
    Column("epochs_done", Integer, nullable=False, default=0),
    Column("best_epoch", Integer),
    Column("best_val_accuracy", Float),
    # NULL with a best epoch stands for a loss that is not a number.
    Column("best_val_loss", Float),
    Column("progress", JSON),
    Column("failure", JSON),
    Column("engine", String(32)),
    Column("device", String(32)),
    Column("machine", String(64)),
    Column("flops_per_image", Float),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("heartbeat_at", UtcTime),
    Column("stop_requested_at", UtcTime),
    Column("auto_resumes", Integer, nullable=False, default=0),
    Column("pid", Integer),
    # See ProcessIdentity.created_at: tells a process from a later one with its id.
    Column("pid_created_at", Float),
    Column("archived", Boolean, nullable=False, default=False),
    Column("tags", JSON, nullable=False),
    Column("notes", Text, nullable=False, default=""),
    # No foreign key: a promoted run outlives the search that it was found by.
    Column("search_id", String(32)),
    Column("trial_number", Integer),
    Column("continues_run", String(32)),
    Column("promoted", Boolean, nullable=False, default=False, server_default=false()),
    Index("run_by_state", "state", "queue_position"),
    Index("run_by_group", "group_id"),
    Index("run_by_trial", "search_id", "trial_number"),
)

metric = Table(
    "metric",
    metadata,
    Column("run_id", ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("split", String(16), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Float),
    # "nan", "inf" or "-inf" where value is NULL: databases store no such numbers alike.
    Column("special", String(4)),
    Column("seconds", Float, nullable=False),
    Column("images", Integer, nullable=False),
)

run_event = Table(
    "run_event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("before", String(16)),
    Column("after", String(16), nullable=False),
    Column("kind", String(32), nullable=False, server_default="note"),
    Column("reason", Text, nullable=False),
    Index("run_event_by_run", "run_id", "id"),
)

artifact = Table(
    "artifact",
    metadata,
    Column("run_id", ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("path", String(300), primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("num_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

search = Table(
    "search",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("config", JSON, nullable=False),
    Column("budget", JSON, nullable=False),
    Column("preset", String(200)),
    Column("base_run_id", String(32)),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("seconds_before", Float, nullable=False),
    Column("best_number", Integer),
    Column("best_score", Float),
    Column("heartbeat_at", UtcTime),
    Column("pid", Integer),
    Column("pid_created_at", Float),
    Column("generation", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("restarts", Integer, nullable=False),
    Index("search_by_name", "name", unique=True),
    Index("search_by_state", "state"),
)

trial = Table(
    "trial",
    metadata,
    Column("search_id", ForeignKey("search.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("values", JSON, nullable=False),
    Column("score", Float),
    Column("best_epoch", Integer),
    Column("epochs", Integer, nullable=False),
    Column("initial_epoch", Integer, nullable=False),
    Column("continues", Integer),
    Column("origin", String(16), nullable=False),
    Column("verdict", String(16)),
    Column("reason", Text, nullable=False),
    Column("num_runs", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("told_order", Integer),
    Index("trial_by_key", "search_id", "key", unique=True),
    Index("trial_by_state", "state"),
)

setting = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", Integer, nullable=False),
)
