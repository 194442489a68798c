"""The proposer: asks an algorithm for the next trial, and can be rebuilt from the store.

Nothing is written: finished trials are told again in their order, and what is drawn next is what
would have been drawn without the interruption. For that a key carries when its trial was proposed:
``7.5`` is the seventh, proposed after five had been told; ``7.5m`` was made by hand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.search.algorithm import Algorithm, Drawn
from core.search.grid import Grid
from core.search.proposals import Exhausted, Outcome, Proposal, Told, Wait
from core.spec.search import GridSearch, Hyperband, Search

_KEY = re.compile(r"(\d+)\.(\d+)([a-z]*)")
_BY_HAND = "m"


class Proposer:
    """One search's algorithm, as ask and tell.

    ``history`` is what the store knows: ended trials first, in the order in which they were told,
    then those that still run.
    """

    def __init__(self, search: Search, history: Sequence[Told] = ()) -> None:
        self._search = search
        self._algorithm = _algorithm(search)
        self._asked = 0
        self._told = 0
        self._rebuild(history)

    def ask(self) -> Proposal | Wait | Exhausted:
        """The next trial to run; ask again after a trial has ended where it says Wait."""
        drawn = self._algorithm.draw(self._key())
        if not isinstance(drawn, Drawn):
            return drawn
        key = self._key(drawn.mark)
        self._asked += 1
        return Proposal(key, drawn.values, drawn.epochs, drawn.continues, drawn.initial_epoch)

    def add(self, values: Mapping[str, Any]) -> Proposal:
        """A trial made by hand: it is never proposed again, and its score is learned from."""
        key = self._key(_BY_HAND)
        self._asked += 1
        self._algorithm.add(_plain(key), dict(values))
        hyperband = self._search.algorithm
        epochs = hyperband.max_epochs if isinstance(hyperband, Hyperband) else None
        return Proposal(key, dict(values), epochs)

    def tell(self, key: str, outcome: Outcome, score: float | None, step: int = 0) -> None:
        """How a trial ended; ``step`` is the epoch of its score, from 1.

        A trial without a finite score teaches nothing. One that was stopped or pruned counts with
        what it had reached, but Hyperband does not go on with it.
        """
        self._told += 1
        learned = score is not None and math.isfinite(score) and outcome != "failed"
        if isinstance(self._search.algorithm, Hyperband) and outcome != "completed":
            learned = False
        self._algorithm.end(_plain(key), score if learned else None, step)

    def skip(self, key: str) -> None:
        """A proposal that did not become a trial, as its values were tried: not again.

        A rebuilt proposer does not know of it, and may come to it once more.
        """
        self._algorithm.end(_plain(key), None, 0)

    def _key(self, mark: str = "") -> str:
        return f"{self._asked + 1}.{self._told}{mark}"

    def _rebuild(self, history: Sequence[Told]) -> None:
        """Ask and tell again, in the order in which it was done."""
        ended = [past for past in history if not past.running]
        asked = sorted(history, key=lambda past: _parts(past.key)[0])
        for past in asked:
            number, told, mark = _parts(past.key)
            self._tell_again(ended, until=told)
            self._asked = number - 1
            if mark == _BY_HAND:
                self._algorithm.add(_plain(past.key), dict(past.values))
            else:
                self._algorithm.recall(_plain(past.key), past, mark)
            self._asked = number
        self._tell_again(ended, until=len(ended))

    def _tell_again(self, ended: Sequence[Told], until: int) -> None:
        for past in ended[self._told : until]:
            self.tell(past.key, past.outcome or "failed", past.score, past.step)


def _algorithm(search: Search) -> Algorithm:
    if isinstance(search.algorithm, GridSearch):
        return Grid(search)
    # Seconds and 200 MB that a grid has no use for.
    from core.search.adapter import KerasTuner

    return KerasTuner(search)


def _parts(key: str) -> tuple[int, int, str]:
    found = _KEY.fullmatch(key)
    if found is None:
        raise ValueError(f"{key!r} is no key of a proposer. Expected one like '7.5'.")
    return int(found[1]), int(found[2]), found[3]


def _plain(key: str) -> str:
    """The key without its mark: what the algorithm calls the trial."""
    number, told, _ = _parts(key)
    return f"{number}.{told}"
