"""What every search algorithm can do, and grid search, the one that needs no Keras Tuner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.search.proposals import Exhausted, PastTrial, Wait
from core.spec.search import Search, Values, combinations, num_combinations, values_key


@dataclass(frozen=True)
class ProposedValues:
    """Values for a trial. ``mark`` is what ``replay`` needs to choose the same values again."""

    values: Values
    epochs: int | None = None
    continues: str | None = None
    initial_epoch: int = 0
    mark: str = ""


class Algorithm(Protocol):
    """Chooses values. The proposer's keys identify the trials."""

    def propose(self, key: str) -> ProposedValues | Wait | Exhausted:
        """Choose the next values."""

    def replay(self, key: str, past: PastTrial, mark: str) -> None:
        """Reach the state in which ``propose`` was when it chose these values in an earlier
        process.
        """

    def add(self, key: str, values: Values) -> None:
        """Add a trial that a person made."""

    def end(self, key: str, score: float | None, step: int) -> None:
        """Learn how a trial ended. ``score`` None: it failed, and there is nothing to learn."""


class Grid:
    """Every combination of the ranges' values, the last parameter quickest.

    Keras Tuner's own grid search cannot be rebuilt after a crash.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._left = combinations(search)
        self._known: set[str] = set()

    def propose(self, key: str) -> ProposedValues | Wait | Exhausted:
        """Choose the next combination that is no trial yet."""
        for values in self._left:
            if values_key(values) not in self._known:
                self._known.add(values_key(values))
                return ProposedValues(values)
        return Exhausted(f"All {num_combinations(self._search):,} combinations were tried.")

    def replay(self, key: str, past: PastTrial, mark: str) -> None:
        """Leave out the combination of a past trial."""
        self._known.add(values_key(past.values))

    def add(self, key: str, values: Values) -> None:
        """Leave out the combination of a trial that a person made."""
        self._known.add(values_key(values))

    def end(self, key: str, score: float | None, step: int) -> None:
        """Do nothing: grid search does not learn from scores."""
