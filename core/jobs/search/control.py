"""One step of a search's controller: end trials, prune, start new ones.

The store has the whole state. What this object keeps (the oracle, the curves of ended trials) makes
it faster: a successor rebuilds it from the store.

Trials are ordinary runs at the end of the queue that all runs share, and a search has at most
``budget.parallel`` of them there. So a run that is submitted during a search waits for these few
only, several searches take turns, and a search does not overtake a long queue.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core.errors import InvalidExperiment
from core.jobs.search.best import keep_best
from core.jobs.search.curves import Curves
from core.jobs.search.oracle import Oracle
from core.jobs.search.scores import Outcome, Score, curves_of, outcome_of, score_of
from core.records.runs import Run, RunState
from core.records.searches import ORACLE, SearchRecord, SearchState, Trial, TrialState
from core.search.proposals import Exhausted, Proposal
from core.settings import Settings
from core.spec import Experiment
from core.spec.search import Budget, apply_values, parse_search
from core.store.search.controllers import NewTrial, Verdict
from core.store.store import Store

MAX_FAILURES = 3
"""After this many failed trials in a row the search pauses."""
NOTHING_LEFT = "The algorithm has nothing more to propose."

_log = logging.getLogger(__name__)


class SearchControl:
    """The controller of one search. Every write carries its generation."""

    def __init__(self, settings: Settings, store: Store, search_id: str, generation: int) -> None:
        self._settings, self._store = settings, store
        self._id, self._generation = search_id, generation
        # Its budget is the first one; the current one is in the record.
        self.search = parse_search(store.searches.get(search_id).config)
        self._oracle = Oracle(self.search)
        self._curves = Curves(store, self.search)

    def step(self) -> bool:
        """End and start trials. False when nothing is left to do and the process may end."""
        trials = self._store.searches.trials(self._id)
        for trial in trials:
            if trial.state is TrialState.RUNNING:
                self._update_trial(trial, trials)
        record = self._store.searches.get(self._id)
        if record.state is SearchState.RUNNING:
            self._fill(record)
        return any(each.id == self._id for each in self._store.controllers.active_searches())

    def _update_trial(self, trial: Trial, trials: Sequence[Trial]) -> None:
        runs = self._store.runs.list(ids=trial.run_ids, states=tuple(RunState))
        outcome = outcome_of(trial, runs)
        if outcome is None and self._curves.are_poor(trial, trials):
            outcome = Outcome(TrialState.PRUNED, "It trailed the other trials at the same epoch.")
        if outcome is None:
            return
        if not any(run.state.is_active for run in runs):
            self._end(trial, outcome, runs)
        elif trial.verdict is None:
            # A trial that cannot be completed needs no more runs.
            self._store.controllers.stop_trial_runs(
                self._id, self._generation, trial.number, outcome.state, outcome.reason
            )

    def _end(self, trial: Trial, outcome: Outcome, runs: list[Run]) -> None:
        objective, ids = self.search.objective, [run.id for run in runs]
        score = score_of(objective, ids, curves_of(objective, self._store.metrics.list(ids)))
        state, reason = outcome.state, outcome.reason
        if state is TrialState.COMPLETED and score is None:
            state, reason = TrialState.FAILED, f"Its runs reported no {objective.metric.value}."
        is_best = state is TrialState.COMPLETED and self._is_best(score)
        if is_best and score is not None:
            # Copied before the end is stored: if this process is killed between, both are repeated.
            run = next(each for each in runs if each.id == score.best_run)
            keep_best(self._settings, self._id, trial.number, run, score.value)
        value, epoch = (score.value, score.best_epoch) if score else (None, None)
        self._end_trial(trial.number, Verdict(state, value, epoch, reason, is_best))

    def _is_best(self, score: Score | None) -> bool:
        before = self._store.searches.get(self._id).best_score
        if score is None or before is None:
            return score is not None
        return self.search.objective.better(score.value, before)

    def _end_trial(self, number: int, verdict: Verdict) -> None:
        _log.info("trial %d: %s, score %s %s", number, verdict.state, verdict.score, verdict.reason)
        self._store.controllers.end_trial(
            self._id, self._generation, number, verdict, max_failures=MAX_FAILURES
        )

    def _fill(self, record: SearchRecord) -> None:
        """Start trials until ``budget.parallel`` are in the queue, or end the search."""
        while record.state is SearchState.RUNNING and self._begin_one(record):
            record = self._store.searches.get(self._id)

    def _begin_one(self, record: SearchRecord) -> bool:
        """Start one trial, those enqueued by hand first; False when none may start now."""
        trials = self._store.searches.trials(self._id)
        budget = Budget.model_validate(record.budget)
        in_flight = sum(trial.state is TrialState.RUNNING for trial in trials)
        if in_flight >= budget.parallel:
            return False
        waiting = [trial for trial in trials if trial.state is TrialState.QUEUED]
        if waiting:
            return self._begin_enqueued(waiting[0], budget, trials)
        reason = _spent(record, budget, trials)
        if not reason:
            proposal = self._oracle.ask(trials)
            if isinstance(proposal, Proposal):
                return self._begin(proposal, budget, trials)
            # An oracle that waits while no trial runs would wait for ever.
            reason = proposal.reason if isinstance(proposal, Exhausted) else NOTHING_LEFT
        if not in_flight:
            self._store.controllers.finish(self._id, self._generation, reason)
        return False

    def _begin_enqueued(self, trial: Trial, budget: Budget, trials: Sequence[Trial]) -> bool:
        try:
            experiment = self._experiment(trial.values, budget)
        except InvalidExperiment as error:
            self._end_trial(trial.number, Verdict(TrialState.FAILED, reason=str(error)))
            return True
        key = self._oracle.add(trials, trial.values).key
        if not self._store.controllers.begin_enqueued(
            self._id, self._generation, trial.number, key, experiment
        ):
            self._oracle.forget()
        return True

    def _begin(self, proposal: Proposal, budget: Budget, trials: Sequence[Trial]) -> bool:
        numbers = {trial.key: trial.number for trial in trials}
        new = NewTrial(
            key=proposal.key,
            values=proposal.values,
            epochs=proposal.epochs or 0,
            initial_epoch=proposal.initial_epoch,
            continues=numbers[proposal.continues] if proposal.continues else None,
        )
        try:
            experiment = self._experiment(proposal.values, budget)
        except InvalidExperiment as error:
            self._store.controllers.refuse_trial(
                self._id, self._generation, new, str(error), max_failures=MAX_FAILURES
            )
            return True
        if self._store.controllers.begin_trial(self._id, self._generation, new, experiment) is None:
            # Without a skip the oracle would propose the same values again.
            if self._store.searches.get(self._id).state is SearchState.RUNNING:
                self._oracle.skip(proposal.key)
            else:
                self._oracle.forget()
        return True

    def _experiment(self, values: Mapping[str, Any], budget: Budget) -> Experiment:
        """A trial's experiment. Hyperband's rounds are parts of one training, with one schedule."""
        search, algorithm = self.search, self.search.algorithm
        if algorithm.kind == "hyperband":
            budget = budget.model_copy(update={"epochs": algorithm.max_epochs})
        return apply_values(search.model_copy(update={"budget": budget}), values)


def _spent(record: SearchRecord, budget: Budget, trials: Sequence[Trial]) -> str:
    """Why no further trial may begin, in one sentence; empty while one may."""
    proposed = sum(trial.origin == ORACLE for trial in trials)
    if proposed >= budget.max_trials:
        return f"All {proposed} trials are done." if proposed > 1 else "Its only trial is done."
    spent = record.seconds_spent(datetime.now(UTC))
    if budget.hours is not None and spent >= budget.hours * 3600:
        return f"Its time limit of {budget.hours:g} h is reached."
    return ""
