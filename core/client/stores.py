"""The client's verb about the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.client.base import ClientBase

if TYPE_CHECKING:
    from core.jobs.rebuild import Rebuilt


class StoreVerbs(ClientBase):
    """What can be done when the database was lost."""

    def rebuild_store(self, *, force: bool = False) -> Rebuilt:
        """Make a new database from the runs' folders; the old files are moved aside.

        Raises StoreError while a supervisor, trainer or controller works, and for a database that
        is in order unless ``force``.
        """
        from core.jobs.rebuild import rebuild_database

        self.close()
        return rebuild_database(self.settings, force=force)
