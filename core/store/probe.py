"""Whether the database takes writes right now: who waits for a sign of life has to know."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, update

from core.errors import StoreError, StoreGone
from core.store import tables
from core.store.database import Database

WAIT_S = 0.5
"""Other writes last milliseconds. One that keeps the database longer keeps it from everybody."""


class WriteProbe(Database):
    """A connection of its own to the database, which waits for a lock only shortly."""

    def __init__(self, database: Database) -> None:
        """It shares what ``database`` knows of its file."""
        super().__init__(database.engine.url, database.file)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _wait_shortly)

    def takes_writes(self) -> bool:
        """Whether a transaction that changes nothing can be stored. Blocks for half a second.

        Raises StoreGone for a database that is lost.
        """
        same = tables.revision.c.value
        try:
            if self.file is not None:
                self.file.check()  # from now on the file is known, and no connection creates it
            # Not only begun: a full disk refuses what is written, not the lock.
            with self.write(visible=False) as connection:
                connection.execute(update(tables.revision).values(value=same))
        except StoreGone:
            raise
        except StoreError:
            return False
        return True

    def close(self) -> None:
        """Give its connections back. What the store's file has lost stays known."""
        self.engine.dispose()


def _wait_shortly(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {round(WAIT_S * 1000)}")
    cursor.close()
