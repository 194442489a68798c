"""What every algorithm can do: draw, remember what was drawn, and hear how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.search.proposals import Exhausted, Told, Wait
from core.spec.search import Values


@dataclass(frozen=True)
class Drawn:
    """Values for a trial. ``mark`` is what ``recall`` must know to draw the same again."""

    values: Values
    epochs: int | None = None
    continues: str | None = None
    initial_epoch: int = 0
    mark: str = ""


class Algorithm(Protocol):
    """Chooses values. Trials are told apart by the proposer's keys."""

    def draw(self, key: str) -> Drawn | Wait | Exhausted:
        """The next values."""

    def recall(self, key: str, past: Told, mark: str) -> None:
        """Come to where ``draw`` left when it drew these values in an earlier process."""

    def add(self, key: str, values: Values) -> None:
        """A trial that a person made."""

    def end(self, key: str, score: float | None, step: int) -> None:
        """A trial ended. ``score`` None: it failed, and nothing is to be learned from it."""
