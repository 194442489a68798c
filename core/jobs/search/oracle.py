"""The oracle of a search: it gets each trial that ended, and is rebuilt from the store in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.records.searches import Trial, TrialState
from core.search.proposals import Exhausted, Outcome, PastTrial, Proposal, Wait
from core.search.proposer import Proposer
from core.spec.search import Search

_OUTCOMES: dict[TrialState, Outcome] = {
    TrialState.COMPLETED: "completed",
    TrialState.FAILED: "failed",
    TrialState.STOPPED: "stopped",
    TrialState.PRUNED: "pruned",
}


class Oracle:
    """Asks and tells a `Proposer`, which it rebuilds from the store's trials."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._proposer: Proposer | None = None
        self._num_reported = 0

    def ask(self, trials: Sequence[Trial]) -> Proposal | Wait | Exhausted:
        """The next trial, given all trials that there are."""
        return self._current_proposer(trials).ask()

    def add(self, trials: Sequence[Trial], values: Mapping[str, Any]) -> Proposal:
        """Take note of a trial that a person made; the oracle will learn from its score."""
        return self._current_proposer(trials).add(values)

    def skip(self, key: str) -> None:
        """Reject the last proposal: a trial has the same values (1 and 1.0 are equal)."""
        if self._proposer is not None:
            self._proposer.skip(key)

    def forget(self) -> None:
        """Rebuild from the store: the last proposal did not become a trial."""
        self._proposer = None

    def _current_proposer(self, trials: Sequence[Trial]) -> Proposer:
        # Manual trials that never began have no result to report.
        with_result = [each for each in trials if each.told_order is not None]
        ended = sorted(
            (trial for trial in with_result if not trial.came_to_nothing),
            key=lambda trial: trial.told_order or 0,
        )
        if self._proposer is None:
            running = [trial for trial in trials if trial.state is TrialState.RUNNING]
            keys = {trial.number: trial.key for trial in trials}
            history = [_past_trial(trial, keys) for trial in (*ended, *running)]
            self._proposer = Proposer(self._search, history)
        else:
            for trial in ended[self._num_reported :]:
                outcome = _OUTCOMES[trial.state]
                self._proposer.tell(trial.key, outcome, trial.score, trial.best_epoch or 0)
        self._num_reported = len(ended)
        return self._proposer


def _past_trial(trial: Trial, keys: Mapping[int, str]) -> PastTrial:
    return PastTrial(
        key=trial.key,
        values=trial.values,
        outcome=_OUTCOMES.get(trial.state),
        score=trial.score,
        step=trial.best_epoch or 0,
        number=trial.number,
        epochs=trial.epochs,
        continues=keys.get(trial.continues) if trial.continues else None,
        initial_epoch=trial.initial_epoch,
        running=trial.state is TrialState.RUNNING,
    )
