"""Searches, their trials, and what a run knows of the search that it belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables; existing runs belong to no search."""
    _create_search()
    _create_trial()
    # Plain added columns: making the table anew would cascade over every run's metrics.
    op.add_column("run", sa.Column("search_id", sa.String(32)))
    op.add_column("run", sa.Column("trial_number", sa.Integer))
    op.add_column("run", sa.Column("continues_run", sa.String(32)))
    op.add_column(
        "run", sa.Column("promoted", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_index("run_by_trial", "run", ["search_id", "trial_number"])


def _create_search() -> None:
    op.create_table(
        "search",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("budget", sa.JSON, nullable=False),
        sa.Column("preset", sa.String(200)),
        sa.Column("base_run_id", sa.String(32)),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("seconds_before", sa.Float, nullable=False),
        sa.Column("best_number", sa.Integer),
        sa.Column("best_score", sa.Float),
        sa.Column("heartbeat_at", sa.DateTime),
        sa.Column("pid", sa.Integer),
        sa.Column("pid_created_at", sa.Float),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("restarts", sa.Integer, nullable=False),
    )
    op.create_index("search_by_name", "search", ["name"], unique=True)
    op.create_index("search_by_state", "search", ["state"])


def _create_trial() -> None:
    search = sa.ForeignKey("search.id", ondelete="CASCADE")
    op.create_table(
        "trial",
        sa.Column("search_id", sa.String(32), search, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("values", sa.JSON, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("best_epoch", sa.Integer),
        sa.Column("epochs", sa.Integer, nullable=False),
        sa.Column("initial_epoch", sa.Integer, nullable=False),
        sa.Column("continues", sa.Integer),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("verdict", sa.String(16)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("num_runs", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("told_order", sa.Integer),
    )
    op.create_index("trial_by_key", "trial", ["search_id", "key"], unique=True)
    op.create_index("trial_by_state", "trial", ["state"])
