"""Searches: list, start, pause, resume, end, delete, wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.client.held_work import HeldWorkControl
from core.client.lab import Lab
from core.client.machine import Machine
from core.client.search.drafts import SearchDrafts
from core.client.waiting import Waiter
from core.errors import InvalidExperiment, SupervisorUnavailable
from core.records.searches import SearchRecord, SearchState, Trial, TrialState

if TYPE_CHECKING:
    from core.spec.search import Budget, Search


class Searches:
    """Searches.

    Each method takes a search's name, its id, or a unique start of the id, and raises
    SearchNotFound.
    """

    def __init__(
        self,
        lab: Lab,
        machine: Machine,
        held_work: HeldWorkControl,
        drafts: SearchDrafts,
        waiter: Waiter,
    ) -> None:
        self._lab, self._machine, self._held_work = lab, machine, held_work
        self._drafts, self._waiter = drafts, waiter

    def get(self, reference: str) -> SearchRecord:
        """One search. Raises SearchNotFound, also when several ids begin with ``reference``."""
        return self._lab.store.searches.get(reference)

    def submit(
        self, search: Search, *, preset: str | None = None, base_run_id: str | None = None
    ) -> SearchRecord:
        """Start a search, and a supervisor unless one is active.

        Raises InvalidExperiment with every wrong field, and DecisionsError when nothing could
        start here (see `HeldWorkControl.require_startable`); nothing is written then. Raises
        SupervisorUnavailable when no supervisor starts; the search waits for one then.
        """
        errors = self._drafts.check(search, base_run_id=base_run_id)
        if errors:
            raise InvalidExperiment(errors)
        self._held_work.require_startable()
        content = search.to_dict()
        found = self._lab.store.searches.add(
            search.name, content, content["budget"], preset=preset, base_run_id=base_run_id
        )
        try:
            self._machine.ensure_supervisor()
        except SupervisorUnavailable as error:
            raise SupervisorUnavailable(f"Stored, but not started: {error}") from error
        return found

    def pause(self, reference: str) -> SearchRecord:
        """Start no new trials; running ones finish. Raises SearchStateError unless it runs."""
        return self._lab.store.searches.pause(self.get(reference).id)

    def resume(self, reference: str) -> SearchRecord:
        """Continue a search that was paused, failed or has ended.

        Raises DecisionsError when nothing could start here; the search is not changed then.
        """
        search = self.get(reference)
        self._held_work.require_startable()
        found = self._lab.store.searches.resume(search.id)
        self._machine.ensure_supervisor()
        return found

    def end(self, reference: str) -> SearchRecord:
        """Start no new trials and stop the running ones; all results are kept."""
        found = self._lab.store.searches.end(self.get(reference).id)
        # The supervisor ends a trainer that hangs.
        self._machine.ensure_supervisor()
        return found

    def change_budget(self, reference: str, budget: Budget) -> SearchRecord:
        """Set other limits. A search that has ended needs `resume` to continue with them.

        Raises InvalidExperiment when the budget does not fit the search.
        """
        from core.spec.search import parse_search

        found, wanted = self.get(reference), budget.model_dump(mode="json")
        parse_search(found.config | {"budget": wanted})
        return self._lab.store.searches.set_budget(found.id, wanted)

    def rename(self, reference: str, name: str) -> SearchRecord:
        """Give it another name. Raises InvalidExperiment when that is empty or taken."""
        return self._lab.store.searches.rename(self.get(reference).id, name)

    def log(self, reference: str, num_lines: int = 200) -> str:
        """The last lines of a search's log; empty when there is none."""
        from core.jobs.launch import LOG_NAME
        from core.jobs.logs import tail
        from core.store.artifact_files import file_below

        folder = self._lab.settings.search_folder(self.get(reference).id)
        return tail(file_below(folder, LOG_NAME), num_lines)

    def kept_file_size(self, search_id: str, name: str) -> int | None:
        """Bytes of a file that a search keeps of its best trial; None when there is none."""
        from core.store.artifact_files import file_below, is_there

        folder = self._lab.settings.search_folder(search_id)
        return file_below(folder, name).stat().st_size if is_there(folder, name) else None

    def read_kept_file(self, search_id: str, name: str) -> bytes:
        """Its content. Raises ArtifactCorrupt when it is outside the search's folder."""
        from core.store.artifact_files import read_below

        return read_below(self._lab.settings.search_folder(search_id), name)

    def delete_checkpoints(self, reference: str) -> int:
        """Delete the models and checkpoints of all trials but the best; curves and logs stay.

        Returns the number of bytes that this freed. Raises SearchStateError while the search is
        running: later rounds continue from checkpoints.
        """
        from core.jobs.search.cleanup import tidy_search

        return tidy_search(self._lab.settings, self._lab.store, self.get(reference).id)

    def delete(self, reference: str) -> None:
        """Delete a search, its trials and their runs with all files; promoted runs stay.

        Raises SearchStateError while it or one of its runs is active.
        """
        found = self.get(reference)
        run_ids = self._lab.store.searches.delete(found.id)
        for run_id in run_ids:
            self._lab.remove_run_folder(run_id)
        self._lab.remove_search_folder(found.id)

    def wait(
        self,
        reference: str,
        timeout_s: float | None = None,
        on_change: Callable[[SearchRecord, list[Trial]], None] | None = None,
    ) -> SearchRecord:
        """Wait until neither the search nor a trial of it is running, or until it has failed.

        Returns it as it is then, or after ``timeout_s``. Calls ``on_change`` with it and its
        trials whenever the lab has changed. Raises WorkHeld when the queue is held, so that it
        would never end.
        """
        search_id = self.get(reference).id

        def report(found: tuple[SearchRecord, list[Trial]]) -> None:
            if on_change is not None:
                on_change(*found)

        found, _ = self._waiter.wait_until(
            lambda: (
                self._lab.store.searches.get(search_id),
                self._lab.store.searches.trials(search_id),
            ),
            _is_over,
            timeout_s,
            report,
        )
        return found

    def list(self) -> list[SearchRecord]:
        """All searches, oldest first."""
        return self._lab.store.searches.list()


def _is_over(state: tuple[SearchRecord, list[Trial]]) -> bool:
    found, trials = state
    if found.state is SearchState.FAILED:
        # It has no controller any more that records the end of its trials.
        return True
    is_training = any(trial.state is TrialState.RUNNING for trial in trials)
    return found.state is not SearchState.RUNNING and not is_training
