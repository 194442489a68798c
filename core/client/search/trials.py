"""Trials of a search: list, curves, importance, stop, enqueue, promote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.client.experiments import Experiments
from core.client.held_work import HeldWorkControl
from core.client.lab import Lab
from core.client.machine import Machine
from core.client.metrics import metrics_frame
from core.client.search.drafts import spec_of
from core.client.search.promotions import best_trials, promoted_experiment, seeds_left
from core.errors import InvalidExperiment, SearchStateError
from core.records.runs import Run
from core.records.searches import Trial

if TYPE_CHECKING:
    import pandas as pd

    from core.client.search.promotions import Promotion
    from core.search.importance import Importance
    from core.spec import Experiment
    from core.spec.search import Search


class Trials:
    """Trials of a search. Each method takes the search's name, its id, or a unique start of it."""

    def __init__(
        self, lab: Lab, machine: Machine, held_work: HeldWorkControl, experiments: Experiments
    ) -> None:
        self._lab, self._machine = lab, machine
        self._held_work, self._experiments = held_work, experiments

    def metrics(self, reference: str) -> pd.DataFrame:
        """Curves of all trials: the columns of `Metrics.frame`, and the number of the ``trial``."""
        trials = self.list(reference)
        numbers = {run_id: trial.number for trial in trials for run_id in trial.run_ids}
        frame = metrics_frame(self._lab.store.metrics.columns(list(numbers)))
        return frame.assign(trial=frame["run_id"].map(numbers).astype("int64"))

    def importance(self, reference: str) -> list[Importance]:
        """How much each hyperparameter changes the score; empty while there are too few trials."""
        from core.search.importance import importance

        found = self._lab.store.searches.get(reference)
        return importance(spec_of(found), self._lab.store.searches.trials(found.id))

    def promotions(self, reference: str) -> list[Promotion]:
        """The promoted trials with the scores of their runs; the search's best first."""
        from core.client.search.promotions import promotions

        found = self._lab.store.searches.get(reference)
        runs = self._lab.store.searches.promoted_runs(found.id)
        metrics = self._lab.store.metrics.list([run.id for run in runs])
        return promotions(spec_of(found), self._lab.store.searches.trials(found.id), runs, metrics)

    def stop(self, reference: str, number: int) -> Trial:
        """Stop one trial; its score and curve stay. Raises SearchStateError when it has ended."""
        trial = self._lab.store.searches.stop_trial(
            self._lab.store.searches.get(reference).id, number
        )
        self._machine.ensure_supervisor()
        return trial

    def enqueue(self, reference: str, values: Mapping[str, Any]) -> Trial:
        """Try these values next, by hyperparameter, before those that the algorithm proposes.

        Raises InvalidExperiment (at ``values.NAME`` or the experiment's field), and
        SearchStateError when a trial has these values already.
        """
        from core.spec.search import apply_values, check_values

        found = self._lab.store.searches.get(reference)
        search = spec_of(found)
        errors = check_values(search, values)
        if errors:
            raise InvalidExperiment(errors)
        experiment = apply_values(search, values)
        errors = self._experiments.check(experiment)
        if errors:
            raise InvalidExperiment(errors)
        trial = self._lab.store.searches.enqueue_trial(
            found.id, values, epochs=_epochs(search, experiment)
        )
        self._machine.ensure_supervisor()
        return trial

    def promote(self, reference: str, *, top: int, seeds: Sequence[int]) -> list[Run]:
        """Retrain the best ``top`` trials once per seed, with the base's whole schedule.

        What was promoted before is not trained twice. Returns the new runs, which may be none.
        Raises SearchStateError while no trial has a score, and InvalidExperiment.
        """
        found = self._lab.store.searches.get(reference)
        search, before = spec_of(found), self._lab.store.searches.promoted_runs(found.id)
        best = best_trials(search, self._lab.store.searches.trials(found.id), top)
        if not best:
            raise SearchStateError("No trial has a score yet: there is nothing to promote.")
        launches = []
        for trial in best:
            # With all seeds first: a wrong seed is an error even when no run is left to queue.
            experiment = promoted_experiment(search, trial, seeds)
            left = seeds_left(before, trial.number, experiment.seeds)
            if left:
                launches.append((trial.number, promoted_experiment(search, trial, left)))
        if not launches:
            return []
        self._held_work.require_startable()
        runs = self._lab.store.searches.add_promoted(found.id, launches)
        self._machine.ensure_supervisor()
        return runs

    def list(self, reference: str) -> list[Trial]:
        """A search's trials, by number."""
        return self._lab.store.searches.trials(self._lab.store.searches.get(reference).id)


def _epochs(search: Search, experiment: Experiment) -> int:
    """The epochs of a trial by hand: as many as the algorithm gives its best trials."""
    algorithm = search.algorithm
    return algorithm.max_epochs if algorithm.kind == "hyperband" else experiment.total_epochs
