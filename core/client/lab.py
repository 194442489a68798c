"""What every part of the client uses: the settings, one store, jobs and folders of one lab."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from core.settings import Settings

if TYPE_CHECKING:
    from core.store.store import Store

_log = logging.getLogger(__name__)


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

    def start_job(self, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
        """Run ``python -m <arguments>`` under the same settings; it outlives this process.

        Without a GPU: those belong to the trainers, and a job that took their memory could end a
        run.
        """
        from core.jobs import logs
        from core.jobs.devices import CPU
        from core.jobs.launch import device_environment, start_module

        logs.bound(log)
        environment = self.settings.to_environment() | device_environment(CPU, cpu_slots=1)
        process = start_module(list(arguments), log, environment)
        # Without this thread, which collects its exit status, it would stay behind as a zombie.
        threading.Thread(target=process.wait, name=arguments[0], daemon=True).start()
        return process

    def remove_run_folder(self, run_id: str) -> None:
        """Remove the files of a run that was deleted; log what cannot be removed."""
        _remove(self.settings.run_folder(run_id))

    def remove_search_folder(self, search_id: str) -> None:
        """Remove the files of a search that was deleted; log what cannot be removed."""
        _remove(self.settings.search_folder(search_id))

    def close(self) -> None:
        """Close the store's connections. The next use opens the database that is there then."""
        with self._opening:
            if self._store is not None:
                self._store.close()
                self._store = None


def _remove(folder: Path) -> None:
    try:
        # A link is refused and stays: what it points at is not the lab's.
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        _log.warning("Some files stay in %s: %s", folder, error)
