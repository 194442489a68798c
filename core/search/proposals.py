"""What a proposer returns, and what it is given to be rebuilt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.spec.search import Values

Outcome = Literal["completed", "failed", "stopped", "pruned"]
"""How a trial ended. Stopped by a person, pruned by the median rule."""


@dataclass(frozen=True)
class Proposal:
    """A trial to run.

    ``key`` identifies the trial for the proposer. Store it unchanged: a rebuilt proposer reads
    from it what was known when the trial was proposed. ``epochs`` is the epoch at which the trial
    ends, None for the budget's. ``continues`` is the key of the trial whose checkpoint it resumes
    from, at ``initial_epoch``.
    """

    key: str
    values: Values
    epochs: int | None = None
    continues: str | None = None
    initial_epoch: int = 0


@dataclass(frozen=True)
class Wait:
    """There is no proposal before another trial has ended."""


@dataclass(frozen=True)
class Exhausted:
    """There are no proposals left. ``reason`` is a sentence for people."""

    reason: str


@dataclass(frozen=True)
class PastTrial:
    """A stored trial: its proposal, and how it ended unless it is ``running``.

    ``step`` is the epoch of its score, from 1; ``number`` the trial's number in its search.
    """

    key: str
    values: Values
    outcome: Outcome | None = None
    score: float | None = None
    step: int = 0
    number: int = 0
    epochs: int | None = None
    continues: str | None = None
    initial_epoch: int = 0
    running: bool = False
