"""Tests whether the database takes writes: while it does not, no heartbeat can arrive."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, update

from core.errors import StoreError, StoreGone
from core.store import tables
from core.store.database import Database

WAIT_S = 0.5
"""Other writes last milliseconds. A program that locks the database longer blocks all of them."""


class WriteProbe(Database):
    """The database over connections that wait only shortly for a lock."""

    def __init__(self, database: Database) -> None:
        """It shares the watched file of ``database``."""
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
            # It writes, too: a full disk refuses a write, not the lock.
            with self.write(visible=False) as connection:
                connection.execute(update(tables.revision).values(value=same))
        except StoreGone:
            raise
        except StoreError:
            return False
        return True

    def close(self) -> None:
        """Close its connections. A loss of the file's journal stays known."""
        self.engine.dispose()


def _wait_shortly(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {round(WAIT_S * 1000)}")
    cursor.close()
