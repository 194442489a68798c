"""The Store: every verb on runs, searches, metrics, artifacts and settings, over SQLAlchemy."""

from __future__ import annotations

import logging
from typing import Self, TypeGuard

from sqlalchemy import delete, insert, select

from core.errors import StoreError
from core.settings import Settings
from core.store import tables
from core.store.metrics import Metrics
from core.store.opened_labs import check_place, held_work
from core.store.row_reader import fetch
from core.store.runs import Runs
from core.store.schema import bring_up_to_date
from core.store.search.controllers import Controllers
from core.store.search.searches import Searches
from core.store.states import States
from core.store.trainers import Trainers
from core.store.unreadable import Unreadable
from core.text import quote

DEFAULT_CPU_SLOTS = 1
MAX_CPU_SLOTS = 64
_CPU_SLOTS = "cpu_slots"
_log = logging.getLogger(__name__)


def is_cpu_slots(value: object) -> TypeGuard[int]:
    """Whether so many runs may go at once."""
    return type(value) is int and 1 <= value <= MAX_CPU_SLOTS


class Store(Runs, States, Metrics, Trainers, Searches, Controllers, Unreadable):
    """One database. Thread-safe; every transaction is short; errors are StoreError.

    `Store(url)` expects a database that is up to date; `Store.open(settings)` makes it so.
    """

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the settings' database, creating or migrating it first where needed.

        Raises FolderRefused, before anything is opened, for links in a results folder that this
        user has not opened before.
        """
        check_place(settings)
        try:
            settings.results.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The results folder {settings.results} cannot be made ({error}). "
                "Set CONVSCOPE_RESULTS to a folder that may be written to."
            ) from error
        store = cls(settings.database_url)
        bring_up_to_date(store, settings)
        try:
            held_work(settings, store)
        except StoreError as error:
            # A database that may only be read can still be looked at.
            _log.warning("Whether this lab is known here stays open: %s", error)
        return store

    def cpu_slots(self) -> int:
        """How many runs go at once on a machine without a GPU."""
        query = select(tables.setting.c.value).where(tables.setting.c.name == _CPU_SLOTS)
        with self.read() as connection:
            rows = fetch(connection, query)
        stored = rows[0]["value"] if rows else None
        return stored if is_cpu_slots(stored) else DEFAULT_CPU_SLOTS

    def set_cpu_slots(self, count: int) -> None:
        """Change it; running runs are left alone. Raises StoreError outside 1 to 64."""
        if not is_cpu_slots(count):
            raise StoreError(f"Expected 1 to {MAX_CPU_SLOTS} CPU slots. Got {quote(count)}.")
        with self.write() as connection:
            connection.execute(delete(tables.setting).where(tables.setting.c.name == _CPU_SLOTS))
            connection.execute(insert(tables.setting).values(name=_CPU_SLOTS, value=count))
