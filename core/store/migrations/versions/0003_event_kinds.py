"""The kind of each event. Stored events get theirs from their states and, once, from their text.

No other code reads the text of an event. The patterns are those of the version before and never
change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_event = sa.table(
    "run_event", sa.column("before"), sa.column("after"), sa.column("kind"), sa.column("reason")
)
_BY_STATE = {
    "running": "started",
    "stopping": "stop_requested",
    "stopped": "stopped",
    "finished": "finished",
    "failed": "failed",
    "lost": "lost",
}
_BY_TEXT = {
    "test score requested%": "test_requested",
    "no test score: %": "test_failed",
    "test accuracy %": "test_evaluated",
    "goes on from run %": "continued",
    "the checkpoints of run % are gone: training starts anew": "checkpoint_missing",
}
"""Of events that change no state."""


def upgrade() -> None:
    """Add the column and fill it. An event that no rule knows stays a note."""
    op.add_column(
        "run_event", sa.Column("kind", sa.String(32), nullable=False, server_default="note")
    )
    op.execute(sa.update(_event).values(kind=_kind()))


def _kind() -> sa.Case[str]:
    before, after, reason = _event.c.before, _event.c.after, _event.c.reason
    return sa.case(
        (sa.and_(before.is_(None), after == "queued"), "submitted"),
        (before.is_(None), "rebuilt"),
        *(
            (sa.and_(before == after, reason.like(pattern)), kind)
            for pattern, kind in _BY_TEXT.items()
        ),
        (before == after, "note"),
        (sa.and_(after == "queued", reason.like("resumed by itself (%")), "auto_resumed"),
        (after == "queued", "resumed"),
        *((after == state, kind) for state, kind in _BY_STATE.items()),
        else_="note",
    )
