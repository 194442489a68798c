"""The client's verbs that look at searches: what there is, what they found, what one will take."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from core.client.experiments import is_file
from core.client.frames import metrics_frame
from core.client.runs import RunVerbs
from core.client.waiting import wait_until
from core.errors import FieldError, InvalidExperiment, RunNotFound, UnknownPreset
from core.records.searches import SearchRecord, SearchState, Trial, TrialState
from core.text import quote

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from core.client.search.estimates import SearchEstimate
    from core.client.search.promotions import Promotion
    from core.search.importance import Importance
    from core.spec.search import Search, SearchPreset

_log = logging.getLogger(__name__)


class SearchLooks(RunVerbs):
    """Searches as they are. Each verb takes a search's name, its id, or the id's unique start."""

    def search_presets(self) -> list[SearchPreset]:
        """Every search that ships with the lab, by name. A broken file is logged and left out."""
        from core.spec.search import read_search_preset, search_preset_names

        found = []
        for name in search_preset_names():
            try:
                found.append(read_search_preset(name))
            except (InvalidExperiment, UnknownPreset) as error:
                _log.warning("The search preset %s is left out: %s", name, error)
        return found

    def search_file(self, reference: str) -> tuple[Search, str | None]:
        """A search preset's name or the path of a TOML file: the search, and the preset's name.

        Raises UnknownPreset when it is neither, InvalidExperiment when the file is wrong.
        """
        from core.spec.search import read_search, read_search_preset

        path = Path(reference)
        if path.suffix == ".toml" or len(path.parts) > 1:
            if not is_file(path):
                raise UnknownPreset(f"There is no search file {quote(reference)}.")
            return read_search(path), None
        return read_search_preset(reference).search, reference

    def check_search(self, search: Search, *, base_run_id: str | None = None) -> list[FieldError]:
        """Everything that would stop a search, by field; empty when nothing would."""
        from core.client.search.checks import check_search

        taken = {each.name for each in self.searches()}
        return [*self._base_errors(base_run_id), *check_search(search, self.settings, taken=taken)]

    def estimate_search(self, search: Search) -> SearchEstimate:
        """How many combinations there are and how long the search will take here.

        Raises as `estimate` does.
        """
        from core.client.search.estimates import estimate_search

        return estimate_search(search, self.estimate, self.slots())

    def searches(self) -> list[SearchRecord]:
        """All searches, oldest first."""
        return self.store.searches.list()

    def search(self, reference: str) -> SearchRecord:
        """One search. Raises SearchNotFound, also when several ids begin so."""
        return self.store.searches.get(reference)

    def search_spec(self, reference: str) -> Search:
        """What a search does, with the budget as it is now: to read, to clone, to change."""
        return spec_of(self.search(reference))

    def trials(self, reference: str) -> list[Trial]:
        """A search's trials, by number."""
        return self.store.searches.trials(self.search(reference).id)

    def trial_metrics(self, reference: str) -> pd.DataFrame:
        """Curves of all trials: the columns of `metrics`, and ``trial``, its number."""
        trials = self.trials(reference)
        numbers = {run_id: trial.number for trial in trials for run_id in trial.run_ids}
        frame = metrics_frame(self.store.metrics.columns(list(numbers)))
        return frame.assign(trial=frame["run_id"].map(numbers).astype("int64"))

    def importance(self, reference: str) -> list[Importance]:
        """How much each parameter decided of the score; empty while there are too few trials."""
        from core.search.importance import importance

        found = self.search(reference)
        return importance(spec_of(found), self.store.searches.trials(found.id))

    def promotions(self, reference: str) -> list[Promotion]:
        """The trials that were trained again, and what came of it; the search's best first."""
        from core.client.search.promotions import promotions

        found = self.search(reference)
        runs = self.store.searches.promoted_runs(found.id)
        metrics = self.store.metrics.list([run.id for run in runs])
        return promotions(spec_of(found), self.store.searches.trials(found.id), runs, metrics)

    def search_log(self, reference: str, num_lines: int = 200) -> str:
        """The last lines that a search's controller wrote; empty when it wrote none."""
        from core.jobs.launch import LOG_NAME
        from core.jobs.logs import tail
        from core.store.artifact_files import file_below

        folder = self.settings.search_folder(self.search(reference).id)
        return tail(file_below(folder, LOG_NAME), num_lines)

    def kept_file_size(self, search_id: str, name: str) -> int | None:
        """Bytes of a file that a search keeps of its best trial; None where there is none."""
        from core.store.artifact_files import file_below, is_there

        folder = self.settings.search_folder(search_id)
        return file_below(folder, name).stat().st_size if is_there(folder, name) else None

    def read_kept_file(self, search_id: str, name: str) -> bytes:
        """Its content. Raises ArtifactCorrupt when it leads out of the search's folder."""
        from core.store.artifact_files import read_below

        return read_below(self.settings.search_folder(search_id), name)

    def wait_for_search(
        self,
        reference: str,
        timeout_s: float | None = None,
        on_change: Callable[[SearchRecord, list[Trial]], None] | None = None,
    ) -> SearchRecord:
        """Wait until a search no longer runs and none of its trials does, or until it failed.

        After ``timeout_s`` it comes back as it is. ``on_change`` is called with it and its
        trials whenever something changed. Raises WorkHeld where nothing starts before a release.
        """
        search_id = self.search(reference).id

        def told(seen: tuple[SearchRecord, list[Trial]]) -> None:
            if on_change is not None:
                on_change(*seen)

        found, _ = wait_until(
            self,
            lambda: (self.store.searches.get(search_id), self.store.searches.trials(search_id)),
            _is_over,
            timeout_s,
            told,
        )
        return found

    def _base_errors(self, run_id: str | None) -> list[FieldError]:
        """A run that was deleted while a search was made from it."""
        if run_id is None:
            return []
        try:
            self.run(run_id)
        except RunNotFound as error:
            return [FieldError("base", str(error))]
        return []


def spec_of(found: SearchRecord) -> Search:
    """What a stored search does, with the budget as it is now."""
    from core.spec.search import parse_search

    return parse_search(found.config | {"name": found.name, "budget": found.budget})


def _is_over(seen: tuple[SearchRecord, list[Trial]]) -> bool:
    found, trials = seen
    if found.state is SearchState.FAILED:
        # Its controller is gone: nobody notes that its trials end.
        return True
    at_work = any(trial.state is TrialState.RUNNING for trial in trials)
    return found.state is not SearchState.RUNNING and not at_work
