"""Runs, their metrics, events and artifacts, settings, and the change counter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table of the first version. Never edited again: later changes are new files."""
    _create_run()
    _create_metric()
    _create_run_event()
    _create_artifact()
    op.create_table(
        "setting",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
    )
    counter = op.create_table(
        "revision",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("value", sa.Integer, nullable=False),
    )
    op.bulk_insert(counter, [{"id": 1, "value": 0}])


def _create_run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("preset", sa.String(200)),
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("group_id", sa.String(32), nullable=False),
        sa.Column("queue_position", sa.Float, nullable=False),
        sa.Column("epochs", sa.Integer, nullable=False),
        sa.Column("epochs_done", sa.Integer, nullable=False),
        sa.Column("best_epoch", sa.Integer),
        sa.Column("best_val_accuracy", sa.Float),
        sa.Column("best_val_loss", sa.Float),
        sa.Column("progress", sa.JSON),
        sa.Column("failure", sa.JSON),
        sa.Column("engine", sa.String(32)),
        sa.Column("device", sa.String(32)),
        sa.Column("machine", sa.String(64)),
        sa.Column("flops_per_image", sa.Float),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("heartbeat_at", sa.DateTime),
        sa.Column("stop_requested_at", sa.DateTime),
        sa.Column("auto_resumes", sa.Integer, nullable=False),
        sa.Column("pid", sa.Integer),
        sa.Column("pid_created_at", sa.Float),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
    )
    op.create_index("run_by_state", "run", ["state", "queue_position"])
    op.create_index("run_by_group", "run", ["group_id"])


def _create_metric() -> None:
    op.create_table(
        "metric",
        _run_id(primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("split", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Float),
        sa.Column("special", sa.String(4)),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("images", sa.Integer, nullable=False),
    )


def _create_run_event() -> None:
    op.create_table(
        "run_event",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        _run_id(nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("before", sa.String(16)),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("run_event_by_run", "run_event", ["run_id", "id"])


def _create_artifact() -> None:
    op.create_table(
        "artifact",
        _run_id(primary_key=True),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("path", sa.String(300), primary_key=True),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("num_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )


def _run_id(*, primary_key: bool = False, nullable: bool = False) -> sa.Column[str]:
    reference = sa.ForeignKey("run.id", ondelete="CASCADE")
    return sa.Column("run_id", sa.String(32), reference, primary_key=primary_key, nullable=nullable)
