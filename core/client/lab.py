"""What every part of the client needs: the settings and one store, opened when needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from core.settings import Settings

if TYPE_CHECKING:
    from core.store.store import Store


class Lab:
    """Settings, and a store that threads share."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = Settings.from_environment() if settings is None else settings
        self._store: Store | None = None
        self._opening = threading.Lock()

    @property
    def store(self) -> Store:
        """The store, opened (and migrated) on first use. StoreError when it cannot be used."""
        # Imported here: presets and descriptions must not wait for SQLAlchemy.
        from core.store.foreign_sqlite import FOREIGN_CONNECTIONS
        from core.store.store import Store

        with self._opening:
            if self._store is None:
                FOREIGN_CONNECTIONS.watch(self.settings.database_url)
                self._store = Store.open(self.settings)
            return self._store

    def close(self) -> None:
        """Give the store's connections back. The next use opens the database that is there then."""
        with self._opening:
            if self._store is not None:
                self._store.close()
                self._store = None
