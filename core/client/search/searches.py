"""The client's verbs that change searches: start, pause, go on, end, tidy, promote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.client.folders import remove_folder
from core.client.search.overrides import adjusted, free_name
from core.client.search.promotions import best_trials, promoted_experiment, seeds_left
from core.client.search.queries import SearchLooks, spec_of
from core.errors import InvalidExperiment, SearchStateError, SupervisorUnavailable
from core.records.runs import Run
from core.records.searches import SearchRecord, Trial

if TYPE_CHECKING:
    from core.spec import Experiment
    from core.spec.search import Budget, Search


class SearchVerbs(SearchLooks):
    """Everything that can be done with a search.

    Each verb takes a search's name, its id, or a unique start of the id, and raises
    SearchNotFound for any other; those of one trial also for a number that there is not.
    """

    def search_from_file(
        self,
        reference: str,
        assignments: Iterable[str] = (),
        *,
        max_trials: int | None = None,
        parallel: int | None = None,
        name: str | None = None,
    ) -> tuple[Search, str | None]:
        """A search as the command line asks for it, and its preset's name: see `adjusted`.

        One that has no name of its own gets its file's, with a number where that is taken.
        Raises as `search_file` does, and InvalidExperiment for a wrong field.
        """
        found, preset = self.search_file(reference)
        if name is None and found.name == Path(reference).stem:
            name = free_name(found.name, {each.name for each in self.searches()})
        return adjusted(found, assignments, max_trials=max_trials, parallel=parallel, name=name), (
            preset
        )

    def submit_search(
        self, search: Search, *, preset: str | None = None, base_run_id: str | None = None
    ) -> SearchRecord:
        """Set a search going and see that a supervisor is at work.

        Raises InvalidExperiment listing every field that is wrong; nothing is written then.
        DecisionsError when nothing could start here (see `require_startable`): nothing is
        written then either. SupervisorUnavailable when none comes up; the search then waits for
        one.
        """
        errors = self.check_search(search, base_run_id=base_run_id)
        if errors:
            raise InvalidExperiment(errors)
        self.require_startable()
        content = search.to_dict()
        found = self.store.searches.add(
            search.name, content, content["budget"], preset=preset, base_run_id=base_run_id
        )
        try:
            self.ensure_supervisor()
        except SupervisorUnavailable as error:
            raise SupervisorUnavailable(f"Stored, but nothing starts it: {error}") from error
        return found

    def pause_search(self, reference: str) -> SearchRecord:
        """No new trials; those that train go on. SearchStateError unless it runs."""
        return self.store.searches.pause(self.search(reference).id)

    def resume_search(self, reference: str) -> SearchRecord:
        """Set a search going again after a pause, a failure or its end.

        Raises DecisionsError when nothing could start here; the search stays as it is then.
        """
        search = self.search(reference)
        self.require_startable()
        found = self.store.searches.resume(search.id)
        self.ensure_supervisor()
        return found

    def end_search(self, reference: str) -> SearchRecord:
        """No new trials, and those that train are stopped; all that was found is kept."""
        found = self.store.searches.end(self.search(reference).id)
        # A trainer that hangs is ended by the supervisor.
        self.ensure_supervisor()
        return found

    def change_budget(self, reference: str, budget: Budget) -> SearchRecord:
        """Other limits from now on; one that has ended goes on after `resume_search`.

        Raises InvalidExperiment when the search cannot go by them.
        """
        from core.spec.search import parse_search

        found, wanted = self.search(reference), budget.model_dump(mode="json")
        parse_search(found.config | {"budget": wanted})
        return self.store.searches.set_budget(found.id, wanted)

    def rename_search(self, reference: str, name: str) -> SearchRecord:
        """Call it something else. InvalidExperiment at ``name`` when that is empty or taken."""
        return self.store.searches.rename(self.search(reference).id, name)

    def stop_trial(self, reference: str, number: int) -> Trial:
        """Stop one trial; it counts and keeps its curve. SearchStateError when it has ended."""
        trial = self.store.searches.stop_trial(self.search(reference).id, number)
        self.ensure_supervisor()
        return trial

    def enqueue_trial(self, reference: str, values: Mapping[str, Any]) -> Trial:
        """Try these values next, by parameter name, whatever the algorithm would choose.

        Raises InvalidExperiment (at ``values.NAME`` or the experiment's field), and
        SearchStateError when a trial with these values is there already.
        """
        from core.spec.search import apply_values, check_values

        found = self.search(reference)
        search = spec_of(found)
        errors = check_values(search, values)
        if errors:
            raise InvalidExperiment(errors)
        experiment = apply_values(search, values)
        errors = self.check(experiment)
        if errors:
            raise InvalidExperiment(errors)
        trial = self.store.searches.enqueue_trial(
            found.id, values, epochs=_epochs(search, experiment)
        )
        self.ensure_supervisor()
        return trial

    def promote(self, reference: str, *, top: int, seeds: Sequence[int]) -> list[Run]:
        """Train the best ``top`` trials again with each seed, on the base's whole schedule.

        What was promoted before is not trained twice. Returns the runs that are new, which may
        be none. Raises SearchStateError while no trial has a score, and InvalidExperiment.
        """
        found = self.search(reference)
        search, before = spec_of(found), self.store.searches.promoted_runs(found.id)
        best = best_trials(search, self.store.searches.trials(found.id), top)
        if not best:
            raise SearchStateError("No trial has a score yet: there is nothing to promote.")
        launches = []
        for trial in best:
            # All of them, to be told of a wrong seed even where nothing is left to do.
            experiment = promoted_experiment(search, trial, seeds)
            left = seeds_left(before, trial.number, experiment.seeds)
            if left:
                launches.append((trial.number, promoted_experiment(search, trial, left)))
        if not launches:
            return []
        self.require_startable()
        runs = self.store.searches.add_promoted(found.id, launches)
        self.ensure_supervisor()
        return runs

    def tidy_search(self, reference: str) -> int:
        """Delete the networks of all trials but the best; curves and logs stay. Bytes freed.

        Raises SearchStateError while it runs: later rounds go on from checkpoints.
        """
        from core.jobs.search.cleanup import tidy_search

        return tidy_search(self.settings, self.store, self.search(reference).id)

    def delete_search(self, reference: str) -> None:
        """Forget a search, its trials and their runs with all files; promoted runs stay.

        Raises SearchStateError while it or one of its runs is at work.
        """
        found = self.search(reference)
        run_ids = self.store.searches.delete(found.id)
        for folder in (
            *(self.settings.run_folder(run_id) for run_id in run_ids),
            self.settings.search_folder(found.id),
        ):
            remove_folder(folder)


def _epochs(search: Search, experiment: Experiment) -> int:
    """What a trial by hand is given: as much as the algorithm gives its best."""
    algorithm = search.algorithm
    return algorithm.max_epochs if algorithm.kind == "hyperband" else experiment.total_epochs
