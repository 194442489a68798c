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
        self._num_told = 0

    def ask(self, trials: Sequence[Trial]) -> Proposal | Wait | Exhausted:
        """The next trial, given all trials that there are."""
        return self._knowing(trials).ask()

    def add(self, trials: Sequence[Trial], values: Mapping[str, Any]) -> Proposal:
        """Take note of a trial that a person made; the oracle will learn from its score."""
        return self._knowing(trials).add(values)

    def skip(self, key: str) -> None:
        """What was proposed last has been tried: only numbers of another type look different."""
        if self._proposer is not None:
            self._proposer.skip(key)

    def forget(self) -> None:
        """Rebuild from the store: the last proposal did not become a trial."""
        self._proposer = None

    def _knowing(self, trials: Sequence[Trial]) -> Proposer:
        # Trials by hand that never began are news to nobody.
        told = [each for each in trials if each.told_order is not None]
        ended = sorted(
            (trial for trial in told if not trial.came_to_nothing),
            key=lambda trial: trial.told_order or 0,
        )
        if self._proposer is None:
            running = [trial for trial in trials if trial.state is TrialState.RUNNING]
            keys = {trial.number: trial.key for trial in trials}
            history = [_told(trial, keys) for trial in (*ended, *running)]
            self._proposer = Proposer(self._search, history)
        else:
            for trial in ended[self._num_told :]:
                outcome = _OUTCOMES[trial.state]
                self._proposer.tell(trial.key, outcome, trial.score, trial.best_epoch or 0)
        self._num_told = len(ended)
        return self._proposer


def _told(trial: Trial, keys: Mapping[int, str]) -> PastTrial:
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
