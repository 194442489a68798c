"""The proposer: proposes the next trial of a search, and can be rebuilt from the store.

It writes nothing. To rebuild it, past trials are proposed and reported again in their order; then
the next proposal is what it would have been without the interruption. For that, a key says when its
trial was proposed: ``7.5`` is the seventh trial, proposed after five results; ``7.5m`` was made by
a person.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.search.algorithm import Algorithm, Grid, ProposedValues
from core.search.proposals import Exhausted, Outcome, PastTrial, Proposal, Wait
from core.spec.search import GridSearch, Hyperband, Search

_KEY = re.compile(r"(\d+)\.(\d+)([a-z]*)")
_BY_HAND = "m"


class Proposer:
    """One search's algorithm, used by ask and tell as in Optuna.

    ``history`` is what the store has: ended trials first, in the order in which they were
    reported, then those that still run.
    """

    def __init__(self, search: Search, history: Sequence[PastTrial] = ()) -> None:
        self._search = search
        self._algorithm = _algorithm(search)
        self._num_proposed = 0
        self._num_reported = 0
        self._rebuild(history)

    def ask(self) -> Proposal | Wait | Exhausted:
        """Propose the next trial. After ``Wait``, call it again when a trial has ended."""
        proposed = self._algorithm.propose(self._key())
        if not isinstance(proposed, ProposedValues):
            return proposed
        key = self._key(proposed.mark)
        self._num_proposed += 1
        return Proposal(
            key, proposed.values, proposed.epochs, proposed.continues, proposed.initial_epoch
        )

    def add(self, values: Mapping[str, Any]) -> Proposal:
        """Add a trial that a person made.

        Its values are not proposed again, and the algorithm learns from its score.
        """
        key = self._key(_BY_HAND)
        self._num_proposed += 1
        self._algorithm.add(_unmarked(key), dict(values))
        hyperband = self._search.algorithm
        epochs = hyperband.max_epochs if isinstance(hyperband, Hyperband) else None
        return Proposal(key, dict(values), epochs)

    def tell(self, key: str, outcome: Outcome, score: float | None, step: int = 0) -> None:
        """Report how a trial ended; ``step`` is the epoch of its score, from 1.

        The algorithm learns nothing from a trial without a finite score. A trial that was stopped
        or pruned counts with the score that it reached, but Hyperband does not continue it.
        """
        self._num_reported += 1
        learned = score is not None and math.isfinite(score) and outcome != "failed"
        if isinstance(self._search.algorithm, Hyperband) and outcome != "completed":
            learned = False
        self._algorithm.end(_unmarked(key), score if learned else None, step)

    def skip(self, key: str) -> None:
        """Drop a proposal that became no trial because its values had been tried.

        A rebuilt proposer does not know of it, and may propose it once more.
        """
        self._algorithm.end(_unmarked(key), None, 0)

    def _key(self, mark: str = "") -> str:
        return f"{self._num_proposed + 1}.{self._num_reported}{mark}"

    def _rebuild(self, history: Sequence[PastTrial]) -> None:
        """Propose and report the past trials again, in their order."""
        ended = [past for past in history if not past.running]
        for past in sorted(history, key=lambda past: _parts(past.key)[0]):
            number, num_reported, mark = _parts(past.key)
            self._report_again(ended, until=num_reported)
            self._num_proposed = number - 1
            if mark == _BY_HAND:
                self._algorithm.add(_unmarked(past.key), dict(past.values))
            else:
                self._algorithm.replay(_unmarked(past.key), past, mark)
            self._num_proposed = number
        self._report_again(ended, until=len(ended))

    def _report_again(self, ended: Sequence[PastTrial], until: int) -> None:
        for past in ended[self._num_reported : until]:
            self.tell(past.key, past.outcome or "failed", past.score, past.step)


def _algorithm(search: Search) -> Algorithm:
    if isinstance(search.algorithm, GridSearch):
        return Grid(search)
    # Imported here: it takes seconds and 200 MB, which a grid search does not need.
    from core.search.adapter import KerasTuner

    return KerasTuner(search)


def _parts(key: str) -> tuple[int, int, str]:
    found = _KEY.fullmatch(key)
    if found is None:
        raise ValueError(f"{key!r} is no key of a proposer. Expected one like '7.5'.")
    return int(found[1]), int(found[2]), found[3]


def _unmarked(key: str) -> str:
    """The key without its mark: the algorithm's name for the trial."""
    number, num_reported, _ = _parts(key)
    return f"{number}.{num_reported}"
