"""Searches: list, start, pause, resume, end, delete, wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.client.folders import remove_folder
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
    """Searches and what can be done with one.

    Each verb takes a search's name, its id, or a unique start of the id, and raises
    SearchNotFound for any other.
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
        """One search. Raises SearchNotFound, also when several ids begin so."""
        return self._lab.store.searches.get(reference)

    def submit(
        self, search: Search, *, preset: str | None = None, base_run_id: str | None = None
    ) -> SearchRecord:
        """Set a search going and see that a supervisor is at work.

        Raises InvalidExperiment listing every field that is wrong; nothing is written then.
        DecisionsError when nothing could start here (see `require_startable`): nothing is
        written then either. SupervisorUnavailable when none comes up; the search then waits for
        one.
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
            raise SupervisorUnavailable(f"Stored, but nothing starts it: {error}") from error
        return found

    def pause(self, reference: str) -> SearchRecord:
        """No new trials; those that train go on. SearchStateError unless it runs."""
        return self._lab.store.searches.pause(self.get(reference).id)

    def resume(self, reference: str) -> SearchRecord:
        """Set a search going again after a pause, a failure or its end.

        Raises DecisionsError when nothing could start here; the search stays as it is then.
        """
        search = self.get(reference)
        self._held_work.require_startable()
        found = self._lab.store.searches.resume(search.id)
        self._machine.ensure_supervisor()
        return found

    def end(self, reference: str) -> SearchRecord:
        """No new trials, and those that train are stopped; all that was found is kept."""
        found = self._lab.store.searches.end(self.get(reference).id)
        # A trainer that hangs is ended by the supervisor.
        self._machine.ensure_supervisor()
        return found

    def change_budget(self, reference: str, budget: Budget) -> SearchRecord:
        """Other limits from now on; one that has ended goes on after `resume`.

        Raises InvalidExperiment when the search cannot go by them.
        """
        from core.spec.search import parse_search

        found, wanted = self.get(reference), budget.model_dump(mode="json")
        parse_search(found.config | {"budget": wanted})
        return self._lab.store.searches.set_budget(found.id, wanted)

    def rename(self, reference: str, name: str) -> SearchRecord:
        """Call it something else. InvalidExperiment at ``name`` when that is empty or taken."""
        return self._lab.store.searches.rename(self.get(reference).id, name)

    def log(self, reference: str, num_lines: int = 200) -> str:
        """The last lines that a search's controller wrote; empty when it wrote none."""
        from core.jobs.launch import LOG_NAME
        from core.jobs.logs import tail
        from core.store.artifact_files import file_below

        folder = self._lab.settings.search_folder(self.get(reference).id)
        return tail(file_below(folder, LOG_NAME), num_lines)

    def kept_file_size(self, search_id: str, name: str) -> int | None:
        """Bytes of a file that a search keeps of its best trial; None where there is none."""
        from core.store.artifact_files import file_below, is_there

        folder = self._lab.settings.search_folder(search_id)
        return file_below(folder, name).stat().st_size if is_there(folder, name) else None

    def read_kept_file(self, search_id: str, name: str) -> bytes:
        """Its content. Raises ArtifactCorrupt when it leads out of the search's folder."""
        from core.store.artifact_files import read_below

        return read_below(self._lab.settings.search_folder(search_id), name)

    def delete_checkpoints(self, reference: str) -> int:
        """Delete the networks of all trials but the best; curves and logs stay. Bytes freed.

        Raises SearchStateError while it runs: later rounds go on from checkpoints.
        """
        from core.jobs.search.cleanup import tidy_search

        return tidy_search(self._lab.settings, self._lab.store, self.get(reference).id)

    def delete(self, reference: str) -> None:
        """Forget a search, its trials and their runs with all files; promoted runs stay.

        Raises SearchStateError while it or one of its runs is at work.
        """
        found = self.get(reference)
        run_ids = self._lab.store.searches.delete(found.id)
        for folder in (
            *(self._lab.settings.run_folder(run_id) for run_id in run_ids),
            self._lab.settings.search_folder(found.id),
        ):
            remove_folder(folder)

    def wait(
        self,
        reference: str,
        timeout_s: float | None = None,
        on_change: Callable[[SearchRecord, list[Trial]], None] | None = None,
    ) -> SearchRecord:
        """Wait until a search no longer runs and none of its trials does, or until it failed.

        After ``timeout_s`` it comes back as it is. ``on_change`` is called with it and its
        trials whenever something changed. Raises WorkHeld where nothing starts before a release.
        """
        search_id = self.get(reference).id

        def told(seen: tuple[SearchRecord, list[Trial]]) -> None:
            if on_change is not None:
                on_change(*seen)

        found, _ = self._waiter.wait_until(
            lambda: (
                self._lab.store.searches.get(search_id),
                self._lab.store.searches.trials(search_id),
            ),
            _is_over,
            timeout_s,
            told,
        )
        return found

    def list(self) -> list[SearchRecord]:
        """All searches, oldest first."""
        return self._lab.store.searches.list()


def _is_over(seen: tuple[SearchRecord, list[Trial]]) -> bool:
    found, trials = seen
    if found.state is SearchState.FAILED:
        # Its controller is gone: nobody notes that its trials end.
        return True
    at_work = any(trial.state is TrialState.RUNNING for trial in trials)
    return found.state is not SearchState.RUNNING and not at_work
