"""Pruning: compares a trial's curve with those of the other trials."""

from __future__ import annotations

from collections.abc import Sequence

from core.jobs.search.scores import Curve, curves_of, mean_curve
from core.records.searches import Trial
from core.search.pruning import should_prune
from core.spec.search import Pruning, Search
from core.store.store import Store


class Curves:
    """Reads trials' curves from the store; those of ended trials only once."""

    def __init__(self, store: Store, search: Search) -> None:
        self._store, self._search = store, search
        self._ended: dict[int, Curve] = {}

    def are_poor(self, trial: Trial, trials: Sequence[Trial]) -> bool:
        """Whether the search's pruning rule stops the trial."""
        if self._search.pruning is Pruning.NONE:
            return False
        curve = self._curve(trial)
        if not curve or len(curve) >= trial.epochs:
            return False  # it is at its last epoch
        others = [self._curve(each) for each in trials if each.number != trial.number]
        direction = self._search.objective.direction
        return should_prune(
            curve, [each for each in others if each], self._search.pruning, direction
        )

    def _curve(self, trial: Trial) -> Curve:
        """The mean over the trial's runs, up to the last epoch that all of them have."""
        if trial.number in self._ended:
            return self._ended[trial.number]
        by_run = curves_of(self._search.objective, self._store.metrics.list(trial.run_ids))
        curve = mean_curve([by_run.get(run_id, []) for run_id in trial.run_ids])
        if trial.state.is_ended:
            self._ended[trial.number] = curve
        return curve
