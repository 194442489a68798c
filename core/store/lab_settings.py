"""Settings of the lab that its pages change."""

from __future__ import annotations

from typing import TypeGuard

from sqlalchemy import delete, insert, select

from core.errors import StoreError
from core.store import tables
from core.store.database import Database
from core.store.row_reader import fetch
from core.text import quote

DEFAULT_CPU_SLOTS = 1
MAX_CPU_SLOTS = 64
_CPU_SLOTS = "cpu_slots"


def is_cpu_slots(value: object) -> TypeGuard[int]:
    """Whether so many runs may go at once."""
    return type(value) is int and 1 <= value <= MAX_CPU_SLOTS


class SettingStore:
    """How many runs go at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cpu_slots(self) -> int:
        """How many runs go at once on a machine without a GPU."""
        query = select(tables.setting.c.value).where(tables.setting.c.name == _CPU_SLOTS)
        with self._database.read() as connection:
            rows = fetch(connection, query)
        stored = rows[0]["value"] if rows else None
        return stored if is_cpu_slots(stored) else DEFAULT_CPU_SLOTS

    def set_cpu_slots(self, count: int) -> None:
        """Change it; running runs are left alone. Raises StoreError outside 1 to 64."""
        if not is_cpu_slots(count):
            raise StoreError(f"Expected 1 to {MAX_CPU_SLOTS} CPU slots. Got {quote(count)}.")
        with self._database.write() as connection:
            connection.execute(delete(tables.setting).where(tables.setting.c.name == _CPU_SLOTS))
            connection.execute(insert(tables.setting).values(name=_CPU_SLOTS, value=count))
