"""Every combination in turn: Keras Tuner's own grid cannot be rebuilt after a crash."""

from __future__ import annotations

from core.search.algorithm import Drawn
from core.search.proposals import Exhausted, Told, Wait
from core.spec.search import Search, Values, combinations, num_combinations, values_key


class Grid:
    """The product of all ranges, the last parameter quickest."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._left = combinations(search)
        self._known: set[str] = set()

    def draw(self, key: str) -> Drawn | Wait | Exhausted:
        """The next combination that nobody has asked for."""
        for values in self._left:
            if values_key(values) not in self._known:
                self._known.add(values_key(values))
                return Drawn(values)
        return Exhausted(f"All {num_combinations(self._search):,} combinations were tried.")

    def recall(self, key: str, past: Told, mark: str) -> None:
        """A trial of the past, drawn or made by hand."""
        self._known.add(values_key(past.values))

    def add(self, key: str, values: Values) -> None:
        """A trial made by hand."""
        self._known.add(values_key(values))

    def end(self, key: str, score: float | None, step: int) -> None:
        """A grid learns nothing."""
