"""The Store: runs, metrics, artifacts, searches and settings of one database."""

from __future__ import annotations

import logging
from typing import Self

from sqlalchemy import URL

from core.errors import StoreError
from core.settings import Settings
from core.store.artifacts import ArtifactStore
from core.store.database import Database
from core.store.lab_settings import SettingStore
from core.store.metrics import MetricStore
from core.store.opened_labs import check_place, held_work
from core.store.runs import RunStore
from core.store.schema import bring_up_to_date
from core.store.search.controllers import ControllerStore
from core.store.search.searches import SearchStore
from core.store.trainers import TrainerStore
from core.store.unreadable import UnreadableStore

_log = logging.getLogger(__name__)


class Store:
    """One database and its parts. Thread-safe; every transaction is short; errors are StoreError.

    `Store(url)` expects a database that is up to date; `Store.open(settings)` makes it so. Each
    part takes the database alone and can be used alone.
    """

    def __init__(self, database_url: str | URL) -> None:
        self.database = Database(database_url)
        self.runs = RunStore(self.database)
        self.metrics = MetricStore(self.database)
        self.artifacts = ArtifactStore(self.database)
        self.trainers = TrainerStore(self.database)
        self.searches = SearchStore(self.database)
        self.controllers = ControllerStore(self.database)
        self.unreadable = UnreadableStore(self.database)
        self.settings = SettingStore(self.database)

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
                f"The results folder {settings.results} cannot be created ({error}). "
                "Set CONVSCOPE_RESULTS to a folder with write access."
            ) from error
        store = cls(settings.database_url)
        bring_up_to_date(store.database, settings)
        try:
            held_work(settings, store.database)
        except StoreError as error:
            # A database without write access can still be read.
            _log.warning("It cannot be stored that this results folder was opened: %s", error)
        return store

    def revision(self) -> int:
        """A number that grows whenever anything a page shows has changed. One cheap query."""
        return self.database.revision()

    def close(self) -> None:
        """Close the connections. The object can still be used afterwards."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
