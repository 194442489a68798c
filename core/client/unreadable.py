"""Rows of the database that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

from core.client.lab import Lab
from core.records.runs import UnreadableRow


class UnreadableRows:
    """Rows from another lab, a damaged disk or a change by hand: list and delete them."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def delete(self, rows: Sequence[UnreadableRow] | None = None) -> int:
        """Delete such rows, by default all of them, with the folders of their runs and searches.

        A row that can be read by now stays. Returns how many were deleted.
        """
        wanted = self.list(everything=True) if rows is None else rows
        deleted = self._lab.store.unreadable.delete(wanted)
        for row in deleted:
            if row.entry_id is None:
                continue
            if row.table == "run":
                self._lab.remove_run_folder(row.entry_id)
            else:
                self._lab.remove_search_folder(row.entry_id)
        return len(deleted)

    def list(self, *, everything: bool = False) -> list[UnreadableRow]:
        """Rows of runs, searches, trials and files that cannot be read, and why.

        With ``everything`` also single values of curves and single events: that reads them all.
        """
        from core.store.unreadable import ENTRIES, EVERYTHING

        return self._lab.store.unreadable.list(EVERYTHING if everything else ENTRIES)
