"""The oracle of a search: rebuilt from the store whenever something else than its own asking
and telling has changed what it must know (another process, another budget, a trial by hand)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.search.proposer import Exhausted, Proposal, Proposer, Told, Wait
from core.spec.search import Budget, Search, values_key
from core.store.search_records import MANUAL, Trial, TrialState

MAX_DUPLICATES = 100
"""Proposals in a row that were tried already: then there is taken to be nothing else."""


class Oracle:
    """Asks and tells a `Proposer`, never proposing one combination twice."""

    def __init__(self, search: Search, folder: Path) -> None:
        self._search, self._folder = search, folder
        self._proposer: Proposer | None = None
        self._built_for: tuple[object, ...] = ()
        self._told: set[str] = set()

    def ask(self, budget: Budget, trials: Sequence[Trial]) -> Proposal | Wait | Exhausted:
        """The next trial, given all trials that there are."""
        proposer = self._knowing(budget, trials)
        tried = {values_key(trial.values): trial for trial in trials}
        for _ in range(MAX_DUPLICATES):
            proposal = proposer.ask()
            if not isinstance(proposal, Proposal) or proposal.continues is not None:
                return proposal
            same = tried.get(values_key(proposal.values))
            if same is None:
                return proposal
            if not same.state.is_ended:
                return Wait()
            proposer.tell(proposal.key, _outcome(same), same.score, same.epochs)
        return Exhausted()

    def forget(self) -> None:
        """What was proposed last did not become a trial: ask anew, from what the store knows."""
        self._proposer = None

    def _knowing(self, budget: Budget, trials: Sequence[Trial]) -> Proposer:
        by_hand = frozenset(trial.key for trial in trials if trial.origin == MANUAL)
        built_for = (budget, by_hand)
        if self._proposer is None or built_for != self._built_for:
            self._proposer = Proposer(
                self._search, folder=self._folder, history=_history(trials), budget=budget
            )
            self._built_for = built_for
            self._told = {trial.key for trial in trials if trial.state.is_ended}
        for trial in sorted(trials, key=lambda each: each.told_order or 0):
            if trial.state.is_ended and trial.key not in self._told:
                self._proposer.tell(trial.key, _outcome(trial), trial.score, trial.epochs)
                self._told.add(trial.key)
        return self._proposer


def _history(trials: Sequence[Trial]) -> list[Told]:
    """All trials in the order in which they were asked for."""
    keys = {trial.number: trial.key for trial in trials}
    return [
        Told(
            key=trial.key,
            values=trial.values,
            outcome=_outcome(trial),
            score=trial.score,
            step=trial.epochs,
            number=trial.number,
            epochs=trial.epochs,
            continues=keys.get(trial.continues) if trial.continues else None,
            initial_epoch=trial.initial_epoch,
            running=not trial.state.is_ended,
        )
        for trial in trials
    ]


def _outcome(trial: Trial) -> str:
    return TrialState.COMPLETED.value if not trial.state.is_ended else trial.state.value
