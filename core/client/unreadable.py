"""The client's verbs about entries of the database that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

from core.client.folders import remove_folder
from core.client.lab import Lab
from core.records.runs import UnreadableRow


class UnreadableRows:
    """What somebody else's lab, a damaged disk or an edit by hand left behind."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def delete(self, rows: Sequence[UnreadableRow] | None = None) -> int:
        """Delete such entries, by default all of them, with the folders of their runs.

        An entry that can be read by now stays. Returns how many are gone.
        """
        wanted = self.list(everything=True) if rows is None else rows
        gone = self._lab.store.unreadable.delete(wanted)
        for row in gone:
            if row.entry_id is not None:
                self._remove(row.table, row.entry_id)
        return len(gone)

    def _remove(self, table: str, entry_id: str) -> None:
        folder = (
            self._lab.settings.run_folder if table == "run" else self._lab.settings.search_folder
        )
        remove_folder(folder(entry_id))

    def list(self, *, everything: bool = False) -> list[UnreadableRow]:
        """Runs, searches, trials and files whose entries cannot be read, and why.

        With ``everything`` also single values of curves and single events: that reads them all.
        """
        from core.store.unreadable import ENTRIES, EVERYTHING

        return self._lab.store.unreadable.list(EVERYTHING if everything else ENTRIES)
