"""Whether the database takes writes right now: who waits for a sign of life has to know."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, update

from core.errors import StoreError
from core.store import tables
from core.store.database import Database

WAIT_S = 0.5
"""Other writes last milliseconds. One that keeps the database longer keeps it from everybody."""


class WriteProbe(Database):
    """A connection of its own to the database, which waits for a lock only shortly."""

    def __init__(self, database_url: str) -> None:
        super().__init__(database_url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _wait_shortly)

    def takes_writes(self) -> bool:
        """Whether a transaction that changes nothing can be stored. Blocks for half a second."""
        same = tables.revision.c.value
        try:
            # Not only begun: a full disk refuses what is written, not the lock.
            with self.write(visible=False) as connection:
                connection.execute(update(tables.revision).values(value=same))
        except StoreError:
            return False
        return True


def _wait_shortly(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {round(WAIT_S * 1000)}")
    cursor.close()
